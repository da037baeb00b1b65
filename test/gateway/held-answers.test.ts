import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { type Behaviour, type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

let small: MockUpstream;
let large: MockUpstream;
let weir: RunningGateway;

const configuration = (limits: string) => `
router:
  decisions: [{ name: all, when: otherwise, models: [small, large], strategy: { cascade: { ttft: 60s } } }]
pool:
  models: { small: {}, large: {} }
  pools:
    small: { model: small, health: false, concurrency: 1000, replicas: ["${small.url}", "${small.url}/again"] }
    large: { model: large, health: false, concurrency: 1000, replicas: ["${large.url}"] }
gateway: { limits: { ${limits} } }`;

beforeAll(async () => {
  small = await startMockUpstream();
  large = await startMockUpstream();
  weir = await startGateway(configuration('answer: 4KiB, held: 6KiB'));
});
afterAll(() => Promise.all([weir.close(), small.close(), large.close()]));
afterEach(() => {
  for (const mock of [small, large]) {
    mock.behaviour = { kind: 'answer' };
    mock.seen.length = 0;
  }
});

const held = () => weir.gateway.runtime.heldRoom.held;
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;
const REFUSAL = "I'm sorry, but I can't help with that.";

function streamed(pieces: readonly string[], finish = 'stop'): Behaviour {
  const chunks = pieces.map(content => ({ choices: [{ index: 0, delta: { content } }] }));
  const last = { choices: [{ index: 0, delta: {}, finish_reason: finish }] };
  const events = [...chunks, last].map(chunk => `data: ${JSON.stringify(chunk)}\n\n`).join('');
  return { kind: 'raw', type: 'text/event-stream', body: `${events}data: [DONE]\n\n` };
}

function whole(content: string): Behaviour {
  const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content } };
  const body = JSON.stringify({ object: 'chat.completion', choices: [choice] });
  return { kind: 'raw', type: 'application/json', body };
}

describe('an answer that is held and grows too long', () => {
  const ask = (path: string, body: object) =>
    fetch(`${weir.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', ...body }),
    });

  it.each<[string, Behaviour, string, object]>([
    [
      'only as it leaves, streamed',
      streamed(Array.from({ length: 60 }, () => 'a')),
      '/v1/messages',
      { stream: true, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] },
    ],
    ['only as it leaves, whole', whole('a'.repeat(3950)), '/v1/responses', { input: 'hello' }],
  ])('%s: ends there, and nobody else is asked', async (_, behaviour, path, body) => {
    expect((behaviour as { body: string }).body.length).toBeLessThan(4096);
    small.behaviour = behaviour;
    const response = await ask(path, body);
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('longer than 4096 bytes');
    expect([small.seen.length, large.seen.length, held()]).toEqual([1, 0, 0]);
    const { attempts, outcome } = await weir.recordOf(response);
    expect(attempts).toMatchObject([{ status: 'failed', error: 'upstream.too_large' }]);
    expect(outcome.status).toBe('failed');
  });

  it('leaves the answer before it, where there is one', async () => {
    small.behaviour = streamed([REFUSAL]);
    large.behaviour = whole('x'.repeat(5000));
    const response = await weir.chat({ model: 'auto', stream: true });
    expect([response.status, response.headers.get('x-weir-cascade')]).toEqual([200, 'small=kept']);
    expect(await response.text()).toContain(REFUSAL);
    await expect.poll(held).toBe(0);
  });
});

describe('answers that are held at once', () => {
  it('have one room: who finds it full is refused, and served once it is free', async () => {
    small.behaviour = { kind: 'stall', after: 30 };
    const gone = new AbortController();
    const first = weir.chat({ model: 'auto', stream: true }, { signal: gone.signal }).catch(() => 'gone');
    await expect.poll(held).toBeGreaterThan(3000);
    small.behaviour = whole('b'.repeat(3500));
    const refused = await weir.chat({ model: 'auto' });
    expect([refused.status, refused.headers.get('retry-after'), await codeOf(refused)]).toEqual([
      503,
      '1',
      'gateway.no_room',
    ]);
    expect([small.seen.length, large.seen.length]).toEqual([2, 0]);
    gone.abort();
    expect(await first).toBe('gone');
    await expect.poll(held).toBe(0);
    expect((await weir.chat({ model: 'auto' })).status).toBe(200);
  });

  it.each([false, true])(
    'are held while a dearer model is asked, and not after its answer; streamed: %s',
    async stream => {
      small.behaviour = stream ? streamed([REFUSAL]) : whole(REFUSAL);
      large.behaviour = () => {
        expect(held()).toBeGreaterThan(REFUSAL.length);
        return { kind: 'answer' };
      };
      const response = await weir.chat({ model: 'auto', stream });
      expect([response.headers.get('x-weir-cascade'), large.seen.length]).toEqual(['small=escalated', 1]);
      await response.text();
      await expect.poll(held).toBe(0);
    },
  );

  it('are let go when the client leaves while a dearer model is asked', async () => {
    small.behaviour = whole(REFUSAL);
    large.behaviour = { kind: 'hang' };
    const gone = new AbortController();
    const asked = weir.chat({ model: 'auto' }, { signal: gone.signal }).catch(() => 'gone');
    await expect.poll(() => large.seen.length).toBe(1);
    expect(held()).toBeGreaterThan(REFUSAL.length);
    gone.abort();
    expect(await asked).toBe('gone');
    await expect.poll(held).toBe(0);
  });

  it('leave nothing behind, however each of them ends', async () => {
    const random = seededRandom(11);
    const of = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)]!;
    const behaviours: Behaviour[] = [
      { kind: 'answer', words: 20 },
      { kind: 'status', status: 500 },
      { kind: 'hang_up' },
      { kind: 'cut', after: 3 },
      { kind: 'cut', after: 3, clean: true },
      { kind: 'stall', after: 5 },
      streamed(['one', REFUSAL]),
      streamed([REFUSAL]),
      streamed(Array.from({ length: 200 }, () => 'long')),
      whole(REFUSAL),
      whole('c'.repeat(5000)),
      { kind: 'raw', type: 'application/json', body: 'none' },
    ];
    for (const mock of [small, large]) mock.behaviour = () => of(behaviours);
    // Once half of them are served, the other clients leave, wherever their answers are.
    const gone = new AbortController();
    let served = 0;
    const asked = Array.from({ length: 60 }, async () => {
      const response = await weir.chat({ model: 'auto', stream: random.next() < 0.6 }, { signal: gone.signal });
      await response.text();
      if (++served === 30) gone.abort();
    });
    await Promise.allSettled(asked);
    expect(served).toBeGreaterThanOrEqual(30);
    await expect.poll(held).toBe(0);
  });

  it('take room until a slow client has them, or has left', async () => {
    const roomy = await startGateway(configuration('answer: 64MB, held: 64MB'));
    try {
      const { heldRoom } = roomy.gateway.runtime;
      small.behaviour = whole('d'.repeat(24_000_000));
      const { port, hostname } = new URL(roomy.url);
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.pause();
      const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'hello' }] });
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: weir\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      await expect.poll(() => roomy.records.count()).toBe(1);
      expect(heldRoom.held).toBeGreaterThan(24_000_000);
      socket.destroy();
      await expect.poll(() => heldRoom.held).toBe(0);
    } finally {
      await roomy.close();
    }
  });
});
