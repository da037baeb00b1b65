import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { metricOf, type RunningGateway, startGateway } from '../../support/running-gateway.js';

let short: MockUpstream;
let wide: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  short = await startMockUpstream();
  wide = await startMockUpstream();
  weir = await startGateway(`
router:
  decisions: [{ name: wide, when: batch, models: [m], pools: [wide] }, { name: all, when: otherwise, models: [m] }]
  signals: { batch: { metadata: { field: kind, equals: batch } } }
pool:
  models: { m: { context: 64k } }
  pools:
    short: { model: m, context: 2000, compress: 1.5, health: false, replicas: ["${short.url}"] }
    wide: { model: m, context: 64k, health: false, replicas: ["${wide.url}"] }
`);
});
afterAll(() => Promise.all([weir.close(), short.close(), wide.close()]));
afterEach(() => {
  for (const mock of [short, wide]) {
    mock.behaviour = { kind: 'answer' };
    mock.seen.length = 0;
  }
});

const SENTENCES = Array.from({ length: 400 }, (_, i) => `This is what stands in line ${i} of the long report.`);
const QUESTION = 'What stands in line 77?';
const ask = (characters: number, more: object = {}) =>
  weir.chat({
    ...{ model: 'auto', max_tokens: 200, ...more },
    messages: [
      { role: 'system', content: 'You answer from the report.' },
      { role: 'user', content: SENTENCES.join(' ').slice(0, characters) },
      { role: 'user', content: QUESTION },
    ],
  });

describe('a request a little too long for a window', () => {
  it('is compressed into it, and says so', async () => {
    const response = await ask(9000);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-weir-pool')).toBe('short');
    const [from, to] = response.headers.get('x-weir-compressed')!.split('>').map(Number);
    expect(to! + 200).toBeLessThanOrEqual(2000);
    expect(from! + 200).toBeGreaterThan(2000);
    const sent = short.seen[0]!.body as { messages: readonly { readonly content: string }[] };
    expect(sent.messages[0]!.content).toBe('You answer from the report.');
    expect(sent.messages[1]!.content).toContain('line 77 ');
    expect(sent.messages[1]!.content.length).toBeLessThan(9000);
    expect(sent.messages[2]!.content).toBe(QUESTION);
    const record = await weir.recordOf(response);
    expect(record.stages.find(({ stage }) => stage === 'compress')?.note).toBe(
      `${from} to ${to} tokens, for a window of 2000`,
    );
    expect(record.profile.promptTokens).toBe(to);
    expect(await metricOf(weir.metrics, 'weir_prompt_compressions_total', { model: 'm', result: 'compressed' })).toBe(
      1,
    );
  });

  it('goes on whole when it is short enough, much too long, or may not go there', async () => {
    for (const [characters, more, pool] of [
      [4000, {}, 'short'],
      [20_000, {}, 'wide'],
      [9000, { metadata: { kind: 'batch' } }, 'wide'],
    ] as const) {
      const response = await ask(characters, more);
      expect(response.headers.get('x-weir-pool')).toBe(pool);
      expect(response.headers.get('x-weir-compressed')).toBeNull();
    }
  });

  it('goes on whole, and says why, when too little can be left out', async () => {
    const response = await weir.chat({
      ...{ model: 'auto', max_tokens: 200 },
      messages: [{ role: 'user', content: `[${'"a", '.repeat(1800)}"a"]` }],
    });
    expect(response.headers.get('x-weir-pool')).toBe('wide');
    const { stages } = await weir.recordOf(response);
    expect(stages.find(({ stage }) => stage === 'compress')?.note).toMatch(
      /^left whole: \d+ bytes cannot be left out of it$/,
    );
    expect(await metricOf(weir.metrics, 'weir_prompt_compressions_total', { model: 'm', result: 'whole' })).toBe(1);
  });
});
