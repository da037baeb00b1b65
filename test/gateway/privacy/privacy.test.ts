import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let cloud: MockUpstream;
let local: MockUpstream;
let weir: RunningGateway;

/** Answers with what it was sent last, as a whole or in pieces of a few characters, or calls a tool with it. */
function echo(body: Record<string, unknown>): { kind: 'raw'; type: string; body: string } {
  const { content } = (body.messages as { content: string }[]).at(-1)!;
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const calls = body.tools !== undefined;
  const args = JSON.stringify({ to: content });
  if (body.stream !== true) {
    const message = calls
      ? {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }],
        }
      : { role: 'assistant', content };
    return {
      kind: 'raw',
      type: 'application/json',
      body: JSON.stringify({
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage,
      }),
    };
  }
  const pieces = (calls ? args : content).match(/[\s\S]{1,5}/g) ?? [];
  const deltas = pieces.map((piece, at) =>
    calls
      ? {
          tool_calls: [
            {
              index: 0,
              ...(at === 0 && { id: 'c', type: 'function' }),
              function: { ...(at === 0 && { name: 'f' }), arguments: piece },
            },
          ],
        }
      : { content: piece },
  );
  const chunks = [
    ...deltas.map(delta => ({ choices: [{ index: 0, delta, finish_reason: null }] })),
    { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  ];
  return {
    kind: 'raw',
    type: 'text/event-stream',
    body: `${chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`,
  };
}

beforeAll(async () => {
  cloud = await startMockUpstream(echo);
  local = await startMockUpstream(echo);
  weir = await startGateway(`
router:
  privacy: { kinds: { email: mask, person: mask, phone: log, card: block } }
  signals:
    medical: { keyword: { any: [patient] } }
    personal: { pii: [person, email] }
  decisions:
    - { name: on_premise, when: medical and personal, models: [local], privacy: off }
    - { name: rest, when: otherwise, models: [cloud] }
pool:
  models: { cloud: {}, local: {} }
  pools:
    cloud: { model: cloud, health: false, replicas: ["${cloud.url}"] }
    local: { model: local, health: false, replicas: ["${local.url}"] }
`);
});

afterAll(async () => {
  await weir.close();
  await cloud.close();
  await local.close();
});

beforeEach(() => {
  cloud.seen.length = 0;
  local.seen.length = 0;
});

const SAID = 'I am Anna Kowalska, write to anna@example.org please';
const ask = (content: string, more: object = {}) =>
  weir.chat({ model: 'auto', messages: [{ role: 'user', content }], ...more });

async function streamedText(response: Response, read: (delta: Record<string, never>) => unknown): Promise<string> {
  const events = (await response.text()).split('\n\n').filter(event => event.startsWith('data: {'));
  return events.map(event => read(JSON.parse(event.slice(6)).choices[0].delta) ?? '').join('');
}

describe('privacy', () => {
  it('sends placeholders out and puts values back in', async () => {
    const response = await ask(SAID);
    const answer = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(answer.choices[0]?.message.content).toBe(SAID);
    const sent = JSON.stringify(cloud.seen[0]?.body);
    expect(sent).not.toContain('anna@example.org');
    expect(sent).not.toContain('Kowalska');
    expect(sent).toMatch(/I am \[PERSON_[a-z2-7]{8}\], write to \[EMAIL_[a-z2-7]{8}\] please/);
    const record = await weir.recordOf(response);
    expect(record.stages).toContainEqual(
      expect.objectContaining({ stage: 'privacy', note: 'masked email 1, person 1' }),
    );
    expect(JSON.stringify(record)).not.toMatch(/Kowalska|anna@/);
  });

  it('puts values back into streams and the arguments of tools', async () => {
    const streamed = await ask(SAID, { stream: true });
    expect(await streamedText(streamed, ({ content }) => content)).toBe(SAID);
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
    const called = await ask(SAID, { stream: true, tools });
    const args = await streamedText(called, delta => {
      const [call] = (delta as unknown as { tool_calls?: { function: { arguments: string } }[] }).tool_calls ?? [];
      return call?.function.arguments;
    });
    expect(JSON.parse(args)).toEqual({ to: SAID });
    const whole = (await (await ask(SAID, { tools })).json()) as {
      choices: { message: { tool_calls: { function: { arguments: string } }[] } }[];
    };
    expect(JSON.parse(whole.choices[0]!.message.tool_calls[0]!.function.arguments)).toEqual({ to: SAID });
  });

  it('keeps the placeholder of a value from turn to turn', async () => {
    const turn = { role: 'user', content: SAID };
    await (await ask(SAID)).text();
    await (
      await weir.chat({
        model: 'auto',
        messages: [turn, { role: 'assistant', content: 'ok' }, { role: 'user', content: 'and anna@example.org?' }],
      })
    ).text();
    const placeholder = /\[EMAIL_\w+\]/.exec(JSON.stringify(cloud.seen[0]?.body))?.[0];
    expect(JSON.stringify(cloud.seen[1]?.body).split(placeholder!)).toHaveLength(3);
  });

  it('does so for clients of the other APIs', async () => {
    for (const [path, body] of [
      ['/v1/messages', { max_tokens: 50, messages: [{ role: 'user', content: SAID }] }],
      ['/v1/responses', { input: SAID }],
    ] as const) {
      for (const stream of [false, true]) {
        const response = await fetch(`${weir.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'auto', stream, ...body }),
        });
        const text = await response.text();
        expect(response.status).toBe(200);
        if (!stream) expect(text).toContain(JSON.stringify(SAID).slice(1, -1));
        expect(text).not.toMatch(/\[(?:PERSON|EMAIL)_/);
      }
    }
    expect(JSON.stringify(cloud.seen.map(({ body }) => body))).not.toContain('anna@example.org');
  });

  it('blocks what is to be blocked and says only the kind', async () => {
    const response = await ask('my card is 4111 1111 1111 1111');
    expect(response.status).toBe(403);
    const text = await response.text();
    expect(text).toContain('privacy.blocked');
    expect(text).toContain('card');
    expect(text).not.toContain('4111 1111');
    expect(cloud.seen).toHaveLength(0);
  });

  it('only counts what is to be logged, and passes bytes where nothing is masked', async () => {
    const response = await ask('ring +44 20 7946 0958');
    await response.text();
    expect(JSON.stringify(cloud.seen[0]?.body)).toContain('+44 20 7946 0958');
    expect((await weir.recordOf(response)).stages).toContainEqual(
      expect.objectContaining({ stage: 'privacy', note: 'found phone 1' }),
    );
  });

  it('routes personal data to models of one’s own, which read everything', async () => {
    const response = await ask('The patient Anna Kowalska has a fever');
    await response.text();
    expect(response.headers.get('x-weir-decision')).toBe('on_premise');
    expect(cloud.seen).toHaveLength(0);
    expect(JSON.stringify(local.seen[0]?.body)).toContain('Anna Kowalska');
  });

  it('leaves system prompts as they are', async () => {
    await (
      await weir.chat({
        model: 'auto',
        messages: [
          { role: 'system', content: 'Support: help@example.org' },
          { role: 'user', content: SAID },
        ],
      })
    ).text();
    const sent = JSON.stringify(cloud.seen[0]?.body);
    expect(sent).toContain('help@example.org');
    expect(sent).not.toContain('anna@example.org');
  });
});
