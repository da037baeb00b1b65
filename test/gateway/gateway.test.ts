import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { configOf, metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

let small: [MockUpstream, MockUpstream];
let large: MockUpstream;
let gateway: RunningGateway;

const yaml = (extra = '') => `
router:
  signals:
    hard: { keyword: { any: [prove] } }
    spam: { keyword: { any: [lottery] } }
    gold: { metadata: { header: x-tier, equals: gold } }
  decisions:
    - { name: refuse, when: spam, respond: "No, thank you." }
    - { name: deep, when: hard, models: [large], system_prompt: "Think.", max_tokens: 100 }
    - { name: gold, when: gold, models: [large, small] }
    - { name: default, when: otherwise, models: [small, large], select: static }
pool:
  models:
    small: { price: { prompt: 1, completion: 2, cached: 0.5 }, context: 32k }
    large: { price: { prompt: 10, completion: 20 }, context: 128k }
  pools:
    s: { model: small, served_as: org/small, placement: round_robin, health: false, api_key: sk-secret, replicas: ["${small[0].url}", "${small[1].url}"],
         timeouts: { connect: 1s, first_byte: 400ms, stall: 300ms }, circuit: { failures: 1000, least_requests: 10000 }, ejection: false }
    l: { model: large, health: false, replicas: ["${large.url}/v1"], timeouts: { first_byte: 400ms, stall: 300ms },
         circuit: { failures: 1000, least_requests: 10000 }, ejection: false }
${extra}`;

beforeAll(async () => {
  small = [await startMockUpstream(), await startMockUpstream()];
  large = await startMockUpstream();
});
afterAll(async () => {
  await Promise.all([...small, large].map(mock => mock.close()));
});
beforeEach(async () => {
  for (const mock of [...small, large]) {
    mock.behaviour = { kind: 'answer' };
    mock.seen.length = 0;
  }
  gateway = await startGateway(yaml());
});
afterEach(() => gateway.close());

const bothSmall = (behaviour: MockUpstream['behaviour']) => {
  small[0].behaviour = behaviour;
  small[1].behaviour = behaviour;
};

describe('a plain answer', () => {
  it('comes through with the headers that explain it, and is recorded with its money', async () => {
    const response = await gateway.chat({ model: 'auto' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'w0 w1 w2 w3' } }] });
    expect(response.headers.get('x-weir-decision')).toBe('default');
    expect(response.headers.get('x-weir-model')).toBe('small');
    expect(response.headers.get('x-weir-pool')).toBe('s');
    const record = await gateway.recordOf(response);
    expect(record.outcome).toMatchObject({
      status: 'answered',
      finish: 'stop',
      usage: { promptTokens: 11, completionTokens: 4, cachedTokens: 5 },
    });
    expect(record.outcome.costUsd).toBeCloseTo((6 * 1 + 5 * 0.5 + 4 * 2) / 1e6, 12);
    const sent = [...small[0].seen, ...small[1].seen][0]!;
    expect(sent.body.model).toBe('org/small');
    expect(sent.headers.authorization).toBe('Bearer sk-secret');
  });

  it('goes where the policy says, with the parameters of the decision', async () => {
    const response = await gateway.chat({ model: 'auto', messages: [{ role: 'user', content: 'prove it' }] });
    expect(response.headers.get('x-weir-decision')).toBe('deep');
    expect(response.headers.get('x-weir-reason')).toContain('prove');
    expect(large.seen[0]?.body).toMatchObject({
      model: 'large',
      max_tokens: 100,
      messages: [{ role: 'system', content: 'Think.' }, { role: 'user' }],
    });
  });

  it('skips the decision for a concrete model, but not placement', async () => {
    const response = await gateway.chat({ model: 'large' });
    expect(response.headers.get('x-weir-decision')).toBe('direct');
    expect(response.headers.get('x-weir-model')).toBe('large');
    expect((await gateway.recordOf(response)).placement?.pool).toBe('l');
  });

  it('can be fixed by the policy, plain and streamed, and then asks no model', async () => {
    const messages = [{ role: 'user', content: 'you won the lottery' }];
    const plain = await gateway.chat({ model: 'auto', messages });
    expect(await plain.json()).toMatchObject({ choices: [{ message: { content: 'No, thank you.' } }] });
    const streamed = await (await gateway.chat({ model: 'auto', messages, stream: true })).text();
    expect(streamed).toContain('No, thank you.');
    expect(streamed.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(small[0].seen.length + small[1].seen.length + large.seen.length).toBe(0);
  });
});

describe('a streamed answer', () => {
  it('comes through event by event; usage is counted but kept from a client that did not ask', async () => {
    const response = await gateway.chat({ model: 'auto', stream: true });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const text = await response.text();
    expect(text.match(/w\d /g)).toEqual(['w0 ', 'w1 ', 'w2 ', 'w3 ']);
    expect(text).not.toContain('prompt_tokens');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect((await gateway.recordOf(response)).outcome).toMatchObject({
      status: 'answered',
      usage: { promptTokens: 11, completionTokens: 4, cachedTokens: 5 },
    });
  });

  it('that is longer than the limit ends in an error event', async () => {
    await gateway.close();
    gateway = await startGateway(yaml('gateway: { limits: { answer: 2KiB } }'));
    bothSmall({ kind: 'answer', words: 200, pace: 1 });
    const response = await gateway.chat({ model: 'auto', stream: true });
    const text = await response.text();
    expect(text).toContain('upstream.too_large');
    expect(text).not.toContain('[DONE]');
    expect((await gateway.recordOf(response)).outcome.status).toBe('cut');
  });

  it('has the usage event for a client that asked', async () => {
    const response = await gateway.chat({ model: 'auto', stream: true, stream_options: { include_usage: true } });
    expect(await response.text()).toContain('"prompt_tokens":11');
  });

  it.each([
    ['destroyed', { kind: 'cut', after: 2 } as const],
    ['ended without its end mark', { kind: 'cut', after: 2, clean: true } as const],
    ['stalled', { kind: 'stall', after: 2 } as const],
  ])('that was %s half-way ends in an error event, never in [DONE]', async (_, behaviour) => {
    bothSmall(behaviour);
    const response = await gateway.chat({ model: 'auto', stream: true });
    const text = await response.text();
    expect(text).toContain('w1 ');
    expect(text).toMatch(/data: \{"error":\{.*"code":"upstream\.(cut|timeout)"/);
    expect(text).not.toContain('[DONE]');
    const record = await gateway.recordOf(response);
    expect(record.outcome.status).toBe('cut');
    expect(record.attempts).toHaveLength(1);
  });
});

describe('a broken replica', () => {
  it.each([
    ['answers 500', { kind: 'status', status: 500 } as const],
    ['is at its limit', { kind: 'status', status: 429 } as const],
    ['hangs', { kind: 'hang' } as const],
    ['hangs up', { kind: 'hang_up' } as const],
    ['answers nonsense', { kind: 'raw', type: 'application/json', body: '<html>' } as const],
    ['answers nothing', { kind: 'raw', type: 'application/json', body: '' } as const],
  ])('that %s is followed by another replica, then by the next model', async (_, behaviour) => {
    bothSmall(behaviour);
    const response = await gateway.chat({ model: 'auto' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-weir-model')).toBe('large');
    const { attempts, outcome } = await gateway.recordOf(response);
    expect(attempts.map(({ status, model }) => [status, model])).toEqual([
      ['failed', 'small'],
      ['failed', 'small'],
      ['answered', 'large'],
    ]);
    expect(new Set(attempts.map(attempt => attempt.replica)).size).toBe(3);
    expect(outcome.status).toBe('answered');
  });

  it.each([
    ['hangs up', { kind: 'hang_up' } as const],
    ['answers a stream with JSON', { kind: 'raw', type: 'application/json', body: '{}' } as const],
    ['ends before the first event', { kind: 'cut', after: 0, clean: true } as const],
    ['sends a head and then nothing', { kind: 'stall', after: 0 } as const],
  ])('that %s before the first byte of a stream is not seen by the client', async (_, behaviour) => {
    bothSmall(behaviour);
    const response = await gateway.chat({ model: 'auto', stream: true });
    expect(response.headers.get('x-weir-model')).toBe('large');
    expect(await response.text()).toMatch(/w3 .*\[DONE\]\n\n$/s);
  });

  it('leaves an honest error when there is nothing else', async () => {
    bothSmall({ kind: 'status', status: 500 });
    large.behaviour = { kind: 'hang_up' };
    for (const stream of [false, true]) {
      const response = await gateway.chat({ model: 'auto', stream });
      expect(response.status).toBe(502);
      expect(await response.json()).toMatchObject({ error: { code: expect.stringMatching(/^upstream\./) } });
      expect((await gateway.recordOf(response)).outcome.status).toBe('failed');
    }
  });

  it('is not asked again when the request itself is wrong', async () => {
    bothSmall({ kind: 'status', status: 400, message: 'temperature is too hot' });
    const response = await gateway.chat({ model: 'auto' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('too hot') } });
    expect(small[0].seen.length + small[1].seen.length).toBe(1);
    expect(large.seen).toHaveLength(0);
    // Whoever sent it is at fault: it is no failure that anybody should be woken for.
    expect((await gateway.recordOf(response)).outcome).toMatchObject({ status: 'refused', error: 'upstream.status' });
    expect(await metricOf(gateway.metrics, 'weir_requests_total', { model: 'small', status: 'failed' })).toBe(0);
  });
});

describe('a client that leaves', () => {
  it.each([false, true])("ends the engine's work at once (stream: %s)", async stream => {
    bothSmall(stream ? { kind: 'answer', words: 1000, pace: 20 } : { kind: 'hang' });
    const leave = new AbortController();
    const asked = gateway.chat({ model: 'auto', stream }, { signal: leave.signal });
    if (stream) await (await asked).body?.getReader().read();
    else {
      asked.catch(() => {});
      await expect.poll(() => small[0].seen.length + small[1].seen.length).toBe(1);
    }
    leave.abort();
    await [...small[0].seen, ...small[1].seen][0]?.aborted;
    await expect.poll(() => gateway.records.count({ status: 'cancelled' })).toBe(1);
    expect(gateway.gateway.inFlight).toBe(0);
    expect(gateway.gateway.runtime.pool.replicas().every(replica => replica.inFlight === 0)).toBe(true);
  });
});

describe('what cannot be served', () => {
  it.each([
    ['{', 400, 'request.not_json'],
    ['{"model":"nosuch","messages":[{"role":"user","content":"x"}]}', 404, 'request.unknown_model'],
    ['{"model":"auto","messages":[]}', 400, 'request.invalid'],
  ])('%s is answered %i in the form of the API', async (body, status, code) => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      error: { code, message: expect.any(String), type: expect.any(String) },
    });
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(gateway.gateway.inFlight).toBe(0);
  });

  it('is told apart: method, path, length', async () => {
    expect((await fetch(`${gateway.url}/v1/chat/completions`)).status).toBe(405);
    expect((await fetch(`${gateway.url}/nowhere`)).status).toBe(404);
    await gateway.close();
    gateway = await startGateway(yaml('gateway: { limits: { body: 1KiB } }'));
    const response = await gateway.chat({ model: 'auto', messages: [{ role: 'user', content: 'x'.repeat(5000) }] });
    expect(response.status).toBe(413);
  });
});

describe('a path that another base URL makes', () => {
  it.each([
    ['/chat/completions', '/v1/chat/completions'],
    ['/v1/v1/messages', '/v1/messages'],
    ['/models', '/v1/models'],
    ['/v1/v1/messages/count_tokens', '/v1/messages/count_tokens'],
    ['/nowhere', undefined],
    ['/v1/v1/nowhere', undefined],
  ])('%s is told to be %s', async (path, meant) => {
    const response = await fetch(gateway.url + path, { method: 'POST', body: '{}' });
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect([response.status, error.code]).toEqual([404, 'request.unknown_path']);
    expect(/Expected (\S+): the base URL/.exec(error.message)?.[1]).toBe(meant);
  });
});

describe('embeddings', () => {
  it('are asked of no model that is for chat, by its name or by the policy', async () => {
    for (const model of ['small', 'auto']) {
      const response = await fetch(`${gateway.url}/v1/embeddings`, {
        method: 'POST',
        body: JSON.stringify({ model, input: 'x' }),
      });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect([response.status, error.code]).toEqual([400, 'request.unsupported']);
      expect(error.message).toMatch(/^(The model "small" gives no|No model of the decision gives) embeddings/);
    }
    expect([...small, large].map(({ seen }) => seen.length)).toEqual([0, 0, 0]);
  });
});

describe('what programs ask', () => {
  it('lists real and virtual models, health, readiness, metrics, state', async () => {
    const models = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual(['auto', 'small', 'large']);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    await gateway.chat({ model: 'auto' });
    expect(await metricOf(gateway.metrics, 'weir_requests_total', { model: 'small', status: 'answered' })).toBe(1);
    const state = (await (await fetch(`${gateway.url}/api/state`)).json()) as { replicas: unknown[] };
    expect(state.replicas).toHaveLength(3);
    expect(JSON.stringify(state)).not.toContain('sk-secret');
  });

  it('tells why, before and after', async () => {
    const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'prove it' }] });
    const { pool } = gateway.gateway.runtime;
    const taken = () => [
      pool.snapshot().pools.map(({ counts }) => counts.granted),
      pool.replicas().map(({ requests }) => requests),
    ];
    const before = taken();
    const asked = await fetch(`${gateway.url}/api/explain`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(await asked.json()).toMatchObject({
      decision: 'deep',
      selected: 'large',
      signals: { hard: { state: 'true' } },
      placement: { pool: 'l' },
    });
    expect(taken()).toEqual(before);
    expect(await gateway.records.count()).toBe(0);
    const response = await gateway.chat({ model: 'auto' });
    const id = response.headers.get('x-request-id');
    expect(await (await fetch(`${gateway.url}/api/records/${id}`)).json()).toMatchObject({ id, decision: 'default' });
    expect((await fetch(`${gateway.url}/api/records/req_none`)).status).toBe(404);
  });
});

describe('a new configuration', () => {
  it('serves the requests that come after it; those in flight end as they began', async () => {
    bothSmall({ kind: 'answer', words: 20, pace: 10 });
    const before = await gateway.chat({ model: 'auto', stream: true });
    gateway.gateway.reload(configOf(yaml().replace('models: [small, large], select: static', 'models: [large]')));
    const after = await gateway.chat({ model: 'auto' });
    expect(after.headers.get('x-weir-model')).toBe('large');
    expect(await before.text()).toMatch(/w19 .*\[DONE\]\n\n$/s);
    const [first, second] = [await gateway.recordOf(before), await gateway.recordOf(after)];
    expect(first.configVersion).not.toBe(second.configVersion);
  });

  it('may take away the pool that a request is on', async () => {
    bothSmall({ kind: 'answer', words: 20, pace: 10 });
    const before = await gateway.chat({ model: 'small', stream: true });
    gateway.gateway.reload(
      configOf(`
pool:
  models: { large: { context: 128k } }
  pools: { l: { model: large, health: false, replicas: ["${large.url}"] } }`),
    );
    expect((await gateway.chat({ model: 'small' })).status).toBe(404);
    expect((await gateway.chat({ model: 'auto' })).headers.get('x-weir-model')).toBe('large');
    expect(await before.text()).toMatch(/w19 .*\[DONE\]\n\n$/s);
  });

  it('keeps what was learnt of the lengths of prompts and answers, whatever else of the workload it changes', () => {
    const learn = ({ profiler }: RunningGateway['gateway']['runtime']) => {
      const request = anthropicMessages.read(LONG, { id: 'r', arrivedAt: 0, caller: NOBODY }).request;
      for (let i = 0; i < 10; i++) {
        const profile = profiler.profile(request);
        profiler.observePrompt(profile, 'small', 500);
        profiler.observeOutput(profile, 3000);
      }
      return () => {
        const { runtime } = gateway.gateway;
        const { outputTokens } = runtime.profiler.profile(request);
        return { prompt: runtime.profiler.tokens.estimate(1000, 'small'), output: Math.round(outputTokens.p50 / 1000) };
      };
    };
    const told = learn(gateway.gateway.runtime);
    expect(told()).toEqual({ prompt: 500, output: 3 });
    gateway.gateway.reload(configOf(yaml('workload: { slo: { ttft_p99: 900ms }, session_headers: [x-chat] }')));
    expect(told()).toEqual({ prompt: 500, output: 3 });
    // Another ratio to begin with is a correction: what was made with the one before goes.
    gateway.gateway.reload(configOf(yaml('workload: { tokens: { chars_per_token: 5 } }')));
    expect(told()).toEqual({ prompt: 200, output: 3 });
  });
});

const NOBODY = { address: '127.0.0.1', headers: {} };
const LONG = Buffer.from(
  JSON.stringify({ model: 'small', max_tokens: 9000, messages: [{ role: 'user', content: 'x'.repeat(1000) }] }),
);

describe('shutting down', () => {
  it('lets streams finish', async () => {
    bothSmall({ kind: 'answer', words: 20, pace: 10 });
    const response = await gateway.chat({ model: 'auto', stream: true });
    const ended = gateway.gateway.drain({ deadline: 5000 });
    expect(await response.text()).toMatch(/\[DONE\]\n\n$/);
    expect(await ended).toBe(0);
  });

  it('ends what takes too long with an error, not with silence', async () => {
    bothSmall({ kind: 'answer', words: 1000, pace: 20 });
    const response = await gateway.chat({ model: 'auto', stream: true });
    const ended = gateway.gateway.drain({ deadline: 100 });
    const text = await response.text();
    expect(text).toContain('gateway.draining');
    expect(text).not.toContain('[DONE]');
    expect(await ended).toBe(1);
  });
});
