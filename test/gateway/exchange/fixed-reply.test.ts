import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

const SAID = 'No, thank you.';
const NOTHING = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

let weir: RunningGateway;

beforeAll(async () => {
  weir = await startGateway(`
router: { decisions: [{ name: no, when: otherwise, respond: "${SAID}" }] }
pool: { models: { m: {} }, pools: { p: { model: m, health: false, replicas: ["http://127.0.0.1:9"] } } }
`);
});
afterAll(() => weir.close());

interface Choice {
  readonly index: number;
  readonly text?: string;
  readonly message?: { readonly role: string; readonly content: string };
  readonly delta?: { readonly role?: string; readonly content?: string };
  readonly finish_reason: string | null;
}
interface Said {
  readonly choices: readonly Choice[];
  readonly usage?: object;
}

const CHAT = { path: '/v1/chat/completions', sent: { messages: [{ role: 'user', content: 'hi' }] } };
const TEXT = { path: '/v1/completions', sent: { prompt: 'hi' } };

function ask({ path, sent }: typeof CHAT | typeof TEXT, more: object): Promise<Response> {
  return fetch(`${weir.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', ...sent, ...more }),
  });
}

function eventsIn(stream: string): Said[] {
  const data = stream.split('\n\n').filter(event => event !== '');
  expect(data.pop()).toBe('data: [DONE]');
  return data.map(event => JSON.parse(event.slice('data: '.length)) as Said);
}

/** What each choice said over a stream, how often it named its role, and how it ended. */
function choicesOf(events: readonly Said[]) {
  const choices: { text: string; roles: number; ends: string[] }[] = [];
  for (const { index, text, delta, finish_reason: end } of events.flatMap(event => event.choices)) {
    choices[index] ??= { text: '', roles: 0, ends: [] };
    const choice = choices[index];
    expect(choice.ends).toEqual([]);
    choice.text += text ?? delta?.content ?? '';
    if (delta?.role === 'assistant') choice.roles++;
    if (end !== null) choice.ends.push(end);
  }
  return choices;
}

describe('a fixed answer', () => {
  it.each([undefined, 1, 3, 128])('is as many equal choices as a chat asks for: n = %s', async n => {
    const answer = (await (await ask(CHAT, { n })).json()) as Said;
    const count = n ?? 1;
    expect(answer.choices.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, i) => i));
    for (const { message, finish_reason: end } of answer.choices) {
      expect([message?.role, message?.content, end]).toEqual(['assistant', SAID, 'stop']);
    }
    expect(answer.usage).toMatchObject(NOTHING);
    const streamed = await ask(CHAT, { n, stream: true, stream_options: { include_usage: true } });
    const events = eventsIn(await streamed.text());
    expect(choicesOf(events)).toEqual(Array(count).fill({ text: SAID, roles: 1, ends: ['stop'] }));
    // One choice an event, as engines write, and the counts once, at the end.
    expect(events.map(({ choices }) => choices.length).sort()[0]).toBe(0);
    expect(Math.max(...events.map(({ choices }) => choices.length))).toBe(1);
    expect(events.filter(({ usage }) => usage !== undefined)).toEqual([events.at(-1)]);
    expect(events.at(-1)?.usage).toMatchObject(NOTHING);
    expect((await weir.recordOf(streamed)).outcome).toMatchObject({
      status: 'answered',
      usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
    });
  });

  it('is as many choices to each prompt of a text completion', async () => {
    const more = { prompt: ['a', 'b'], n: 3 };
    const answer = (await (await ask(TEXT, more)).json()) as Said;
    expect(answer.choices.map(({ index, text, finish_reason: end }) => [index, text, end])).toEqual(
      [0, 1, 2, 3, 4, 5].map(index => [index, SAID, 'stop']),
    );
    expect(answer.usage).toMatchObject(NOTHING);
    const streamed = await ask(TEXT, { ...more, stream: true, stream_options: { include_usage: true } });
    const events = eventsIn(await streamed.text());
    expect(choicesOf(events)).toEqual(Array(6).fill({ text: SAID, roles: 0, ends: ['stop'] }));
    expect(events.filter(({ usage }) => usage !== undefined)).toEqual([events.at(-1)]);
  });

  it.each([
    [CHAT, { n: 129 }],
    [TEXT, { n: 129 }],
    [TEXT, { n: 1e9 }],
    [TEXT, { n: 128, prompt: Array(33).fill('a') }],
  ])('is bounded: %o with more is refused', async (api, more) => {
    const response = await ask(api, more);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'request.invalid', param: 'n' } });
  });

  it('may be as many as the bound', async () => {
    const response = await ask(TEXT, { n: 128, prompt: Array(32).fill('a') });
    expect(((await response.json()) as Said).choices).toHaveLength(4096);
  });
});
