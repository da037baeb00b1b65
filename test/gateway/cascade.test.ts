import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '#identity/identity.js';
import { type Behaviour, type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

let small: MockUpstream;
let large: MockUpstream;
let weir: RunningGateway;

const configuration = (more = '') => `
router:
  signals: { brief: { metadata: { field: act, equals: brief } }, long: { metadata: { field: act, equals: long } } }
  decisions:
    - { name: brief, when: brief, models: [small, large], strategy: { cascade: { ttft: 400ms, grace: 100ms } } }
    - { name: long, when: long, models: [small, large], strategy: { cascade: { ttft: 60s, tokens: 14000, compress: 1.6 } } }
    - { name: all, when: otherwise, models: [small, large], strategy: { cascade: { ttft: 60s } } }
pool:
  models: { small: { price: { prompt: 1, completion: 2 } }, large: { price: { prompt: 10, completion: 20 } } }
  pools:
    small: { model: small, health: false, replicas: ["${small.url}"] }
    large: { model: large, health: false, replicas: ["${large.url}"] }
${more}`;

beforeAll(async () => {
  small = await startMockUpstream();
  large = await startMockUpstream();
  weir = await startGateway(configuration());
});
afterAll(() => Promise.all([weir.close(), small.close(), large.close()]));
afterEach(() => {
  for (const mock of [small, large]) {
    mock.behaviour = { kind: 'answer' };
    mock.seen.length = 0;
  }
});

const USAGE = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

/** An engine that gives this message, whole or streamed. */
function says(message: object, { finish = 'stop', usage = USAGE as object | undefined } = {}) {
  return (body: Record<string, unknown>): Behaviour => {
    const choice = { index: 0, finish_reason: finish };
    if (body.stream !== true) {
      const answer = {
        object: 'chat.completion',
        choices: [{ ...choice, message: { role: 'assistant', ...message } }],
      };
      return { kind: 'raw', type: 'application/json', body: JSON.stringify({ ...answer, usage }) };
    }
    const chunks = [
      { choices: [{ ...choice, delta: message, finish_reason: null }] },
      { choices: [{ ...choice, delta: {} }] },
      { choices: [], usage },
    ];
    const events = chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`).join('');
    return { kind: 'raw', type: 'text/event-stream', body: `${events}data: [DONE]\n\n` };
  };
}
/** What a prompt of 33 kB takes. */
const READ = { prompt_tokens: 7700, completion_tokens: 10, total_tokens: 7710 };
const REFUSAL = { content: "I'm sorry, but I can't help with that." };

const textOf = async (response: Response, stream: boolean): Promise<string> => {
  const body = await response.text();
  if (!stream) return JSON.parse(body).choices[0].message.content;
  expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
  const events = body.split('\n\n').filter(event => event.startsWith('data: {'));
  return events.map(event => JSON.parse(event.slice(6)).choices[0]?.delta.content ?? '').join('');
};

describe.each([false, true])('a cascade, streamed: %s', stream => {
  const ask = (more: object = {}) => weir.chat({ model: 'auto', stream, ...more });

  it('sends the first answer when it passes', async () => {
    small.behaviour = says({ content: 'It is 4.' });
    const response = await ask();
    expect([response.headers.get('x-weir-model'), response.headers.get('x-weir-cascade')]).toEqual([
      'small',
      'small=accepted',
    ]);
    expect(await textOf(response, stream)).toBe('It is 4.');
    const { attempts, outcome, verdicts } = await weir.recordOf(response);
    expect(attempts).toMatchObject([{ model: 'small', judged: { end: 'accepted' } }]);
    expect(attempts[0]).not.toHaveProperty('usage');
    expect(outcome).toMatchObject({ status: 'answered', model: 'small', usage: { completionTokens: 10 } });
    expect(outcome).not.toHaveProperty('tpotMs');
    expect(outcome.costUsd).toBeCloseTo(120e-6, 12);
    expect(verdicts).toMatchObject({ form: 'passed', refusal: 'passed' });
    expect(large.seen).toHaveLength(0);
  });

  it('asks the dearer model when it does not, of which nothing is held back, and counts both', async () => {
    small.behaviour = says(REFUSAL);
    large.behaviour = says({ content: 'It is 5.' });
    const response = await ask();
    expect(response.headers.get('x-weir-model')).toBe('large');
    expect(await textOf(response, stream)).toBe('It is 5.');
    const { attempts, outcome, stages } = await weir.recordOf(response);
    expect(attempts).toMatchObject([
      { model: 'small', status: 'answered', judged: { end: 'escalated' }, usage: { completionTokens: 10 } },
      { model: 'large', status: 'answered' },
    ]);
    expect(attempts[0]!.judged!.why).toContain('refusal declined; to large');
    expect(attempts[0]!.costUsd).toBeCloseTo(120e-6, 12);
    expect(outcome.costUsd).toBeCloseTo(1320e-6, 12);
    expect(outcome.model).toBe('large');
    expect(stages).toContainEqual(expect.objectContaining({ stage: 'refusal', note: 'declined' }));
  });

  it('sends the answer in spite of doubts when the dearer model fails', async () => {
    small.behaviour = says(REFUSAL);
    for (const behaviour of [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 400 },
    ] as const) {
      large.behaviour = behaviour;
      const response = await ask();
      expect([response.status, response.headers.get('x-weir-model')]).toEqual([200, 'small']);
      expect(response.headers.get('x-weir-cascade')).toBe('small=kept');
      expect(await textOf(response, stream)).toBe(REFUSAL.content);
      const { attempts, outcome } = await weir.recordOf(response);
      expect(attempts[0]).toMatchObject({ judged: { end: 'kept' } });
      expect(attempts[0]).not.toHaveProperty('usage');
      expect(outcome).toMatchObject({ status: 'answered', model: 'small', pool: 'small' });
      expect(outcome.costUsd).toBeCloseTo(120e-6, 12);
    }
  });

  const sentences = Array.from({ length: 600 }, (_, i) => `This is what stands in line ${i} of the long report.`);
  const long = (text: string) =>
    ask({
      metadata: { act: 'long' },
      messages: [
        { role: 'user', content: text },
        { role: 'user', content: 'What stands in line 77?' },
      ],
    });

  it('asks the dearer model with less of the prompt where the whole of it is too much, and says so', async () => {
    small.behaviour = says(REFUSAL, { usage: READ });
    large.behaviour = says({ content: 'It is 7.' }, { usage: READ });
    const response = await long(sentences.join(' '));
    expect(response.headers.get('x-weir-cascade')).toBe('small=escalated');
    expect(await textOf(response, stream)).toBe('It is 7.');
    const [from, to] = response.headers.get('x-weir-compressed')!.split('>').map(Number);
    expect(to! * 1.6).toBeLessThanOrEqual(from! * 1.02);
    const told = (mock: MockUpstream) => JSON.stringify(mock.seen.at(-1)!.body);
    expect(told(small)).toContain(sentences[300]);
    expect(told(large).length * 1.5).toBeLessThan(told(small).length);
    expect(told(large)).toContain(sentences[77]);
    const { attempts, stages } = await weir.recordOf(response);
    expect(attempts[0]!.judged!.why).toMatch(/; to large with \d+ of \d+ tokens/);
    expect(stages).toContainEqual(
      expect.objectContaining({ stage: 'compress', note: `${from} to ${to} tokens, for an answer in time` }),
    );
  });

  it('sends the first answer, to the whole prompt, when the dearer model fails with less of it or none can be left out', async () => {
    small.behaviour = says(REFUSAL, { usage: READ });
    large.behaviour = { kind: 'status', status: 500 };
    const code = Array.from({ length: 1100 }, (_, i) => `const line${i} = { of: [${i}] };`).join('\n');
    for (const text of [sentences.join(' '), code]) {
      const response = await long(text);
      expect([response.status, response.headers.get('x-weir-cascade')]).toEqual([200, 'small=kept']);
      expect(response.headers.get('x-weir-compressed')).toBeNull();
      expect(await textOf(response, stream)).toBe(REFUSAL.content);
    }
    expect(large.seen).toHaveLength(1);
  });

  it('breaks the dearer model off when its time is over', async () => {
    small.behaviour = says(REFUSAL);
    large.behaviour = { kind: 'hang' };
    const response = await ask({ metadata: { act: 'brief' } });
    expect([response.status, response.headers.get('x-weir-cascade')]).toEqual([200, 'small=kept']);
    expect(await textOf(response, stream)).toBe(REFUSAL.content);
    const { attempts, outcome } = await weir.recordOf(response);
    // Where there was no time for the dearer model at all, it was not asked.
    if (attempts.length > 1) {
      expect(attempts[1]).toMatchObject({ model: 'large', status: 'cancelled', error: 'upstream.timeout' });
      await large.seen.at(-1)!.aborted;
    }
    expect(outcome.status).toBe('answered');
  });

  it('an answer that breaks off unseen is asked for again elsewhere', async () => {
    small.behaviour = stream ? { kind: 'cut', after: 2 } : { kind: 'hang_up' };
    large.behaviour = says({ content: 'It is 6.' });
    const response = await ask();
    expect(await textOf(response, stream)).toBe('It is 6.');
    expect((await weir.recordOf(response)).attempts).toMatchObject([{ status: 'failed' }, { status: 'answered' }]);
  });
});

describe('what is doubted', () => {
  const judged = async (message: object, more: object = {}, finish = 'stop') => {
    small.behaviour = says(message, { finish });
    large.behaviour = says({ content: 'fine' });
    const response = await weir.chat({ model: 'auto', ...more });
    await response.text();
    return (await weir.recordOf(response)).attempts[0]!.judged!;
  };
  const call = (args: string) => ({
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }],
  });

  it('an answer that was cut off where nobody limited it', async () => {
    expect(await judged({ content: 'It is' }, {}, 'length')).toMatchObject({ end: 'escalated' });
    expect(await judged({ content: 'It is' }, { max_tokens: 2 }, 'length')).toMatchObject({ end: 'accepted' });
  });

  it('arguments of tools and structured texts that are no JSON', async () => {
    expect(await judged(call('{"a": 1}'), {}, 'tool_calls')).toMatchObject({ end: 'accepted' });
    expect(await judged(call('{"a": '), {}, 'tool_calls')).toMatchObject({ end: 'escalated' });
    const json = { response_format: { type: 'json_object' } };
    expect(await judged({ content: '{"a": 1}' }, json)).toMatchObject({ end: 'accepted' });
    expect(await judged({ content: 'a is 1' }, json)).toMatchObject({ end: 'escalated' });
  });

  it('any of several answers', async () => {
    small.behaviour = {
      kind: 'raw',
      type: 'application/json',
      body: JSON.stringify({
        choices: ['Yes.', REFUSAL.content].map((content, index) => ({
          index,
          message: { content },
          finish_reason: 'stop',
        })),
        usage: USAGE,
      }),
    };
    const response = await weir.chat({ model: 'auto', n: 2 });
    await response.text();
    expect((await weir.recordOf(response)).attempts[0]!.judged).toMatchObject({ end: 'escalated' });
  });
});

it('is counted: answers by their end, and the tokens and money of each model', async () => {
  const before = await Promise.all([
    metricOf(weir.metrics, 'weir_cascade_answers_total', { model: 'small', end: 'escalated' }),
    metricOf(weir.metrics, 'weir_tokens_total', { model: 'small', kind: 'completion' }),
    metricOf(weir.metrics, 'weir_cost_usd_total', { model: 'large' }),
  ]);
  small.behaviour = says(REFUSAL);
  large.behaviour = says({ content: 'It is 5.' });
  await (await weir.chat({ model: 'auto' })).text();
  const after = await Promise.all([
    metricOf(weir.metrics, 'weir_cascade_answers_total', { model: 'small', end: 'escalated' }),
    metricOf(weir.metrics, 'weir_tokens_total', { model: 'small', kind: 'completion' }),
    metricOf(weir.metrics, 'weir_cost_usd_total', { model: 'large' }),
  ]);
  expect([after[0] - before[0], after[1] - before[1]]).toEqual([1, 10]);
  expect(after[2] - before[2]).toBeCloseTo(1200e-6, 12);
});

it('a client that leaves while the dearer model works pays for both', async () => {
  small.behaviour = says(REFUSAL);
  large.behaviour = { kind: 'hang' };
  const leave = new AbortController();
  const asked = weir.chat({ model: 'auto', stream: true }, { signal: leave.signal });
  const failure = asked.then(
    () => undefined,
    (error: Error) => error.name,
  );
  await expect.poll(() => large.seen.length, { timeout: 30_000 }).toBe(1);
  leave.abort();
  expect(await failure).toBe('AbortError');
  await large.seen[0]!.aborted;
  const cancelled = async () =>
    (await weir.records.list({ limit: 5 })).find(({ outcome }) => outcome.status === 'cancelled');
  await expect.poll(cancelled, { timeout: 30_000 }).toBeDefined();
  const record = await cancelled();
  expect(record!.attempts[0]).toMatchObject({ judged: { end: 'escalated' }, usage: { completionTokens: 10 } });
  expect(record!.outcome.costUsd).toBeCloseTo(120e-6, 12);
});

describe('budgets', () => {
  it('are settled with all stages, and what one stage took is held while the next works', async () => {
    const governed = await startGateway(
      configuration('gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }\n'),
    );
    try {
      const { governance, accounts } = governed.gateway.runtime.identity!;
      const { secret, key } = await governance.createKey(SYSTEM, {
        name: 'k',
        budgets: [{ amount: 1, window: 'day' }],
      });
      small.behaviour = says(REFUSAL);
      large.behaviour = says({ content: 'It is 5.' });
      const headers = { authorization: `Bearer ${secret}` };
      const response = await governed.chat({ model: 'auto' }, { headers });
      expect(await textOf(response, false)).toBe('It is 5.');
      const [meter] = accounts.of('key', key.id).meters;
      expect([meter!.spent(Date.now()), meter!.reserved]).toEqual([1_320_000, 0]);

      // A budget that has no room for the dearer model leaves the answer that is there.
      const tight = await governance.createKey(SYSTEM, { name: 't', budgets: [{ amount: 0.002, window: 'day' }] });
      const kept = await governed.chat(
        { model: 'auto', max_tokens: 90 },
        { headers: { authorization: `Bearer ${tight.secret}` } },
      );
      expect([kept.status, kept.headers.get('x-weir-model')]).toEqual([200, 'large']);
      await kept.text();
      const again = await governed.chat(
        { model: 'auto', max_tokens: 90 },
        { headers: { authorization: `Bearer ${tight.secret}` } },
      );
      expect([again.status, again.headers.get('x-weir-cascade')]).toEqual([200, 'small=kept']);
      await again.text();
    } finally {
      await governed.close();
    }
  });
});
