import { afterEach, describe, expect, test } from 'vitest';
import { withMembers, withRetention } from '#protocols/openai/body-members.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

describe('retention in the body', () => {
  const directive = { tokens: 1234.5, priority: 80, durationMs: 12_345.6789 };
  const of = (body: string) => JSON.parse(withRetention(Buffer.from(body), directive, 's "1"').toString());

  test('is what vLLM proposes, and all else stays as it was', () => {
    expect(of('{"model":"m","messages":[]} \n')).toEqual({
      model: 'm',
      messages: [],
      retention_directives: [{ start: 0, end: 1235, priority: 80, duration: 12.346 }],
      retention_scope: 's "1"',
    });
    expect(of('{ }')).toHaveProperty('retention_scope');
  });

  test('leaves what the client said itself', () => {
    const body = '{"retention_directives":[]}';
    expect(withRetention(Buffer.from(body), directive, 's').toString()).toBe(body);
  });

  test('members that are added count before those of the same name', () => {
    const body = withMembers(Buffer.from('{"a":1,"b":{"c":2}}'), '"a":3');
    expect(JSON.parse(body.toString())).toEqual({ a: 3, b: { c: 2 } });
  });
});

describe('a gateway whose pool keeps KV', () => {
  let engine: MockUpstream;
  let gateway: RunningGateway;
  afterEach(async () => {
    await gateway.close();
    await engine.close();
  });

  test('asks for it once it has seen that conversations of a kind go on, and records it', async () => {
    engine = await startMockUpstream();
    gateway = await startGateway(`
pool:
  models: { llama-3.1-8b: {} }
  pools: { p: { model: llama-3.1-8b, gpu: h100, replicas: ["${engine.url}"], retention: {} } }
router: { decisions: [{ name: all, when: otherwise, models: [llama-3.1-8b] }] }
`);
    const user = (content: string) => ({ role: 'user', content });
    const turn = async (...messages: object[]) => {
      const response = await gateway.chat({ model: 'auto', messages });
      await response.text();
      return response;
    };
    for (let i = 0; i < 25; i++) {
      await turn(user(`conversation ${i}`));
      await turn(user(`conversation ${i}`), { role: 'assistant', content: 'yes' }, user('and then?'));
    }
    expect(engine.seen[0]!.body).not.toHaveProperty('retention_directives');
    const response = await turn(user('one more'));
    const { retention_directives, retention_scope } = engine.seen.at(-1)!.body;
    expect(retention_directives).toMatchObject([{ start: 0, priority: 100 }]);
    expect(retention_scope).not.toBe('');
    const { placement } = await gateway.recordOf(response);
    expect(placement?.retention).toMatchObject({ priority: 100 });
  });
});
