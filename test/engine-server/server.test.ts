import { request } from 'node:http';
import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { type EngineServer, type EngineServerOptions, startEngineServer } from '#engine-server/server.js';
import { ask, readEvents } from './http.js';

const open: EngineServer[] = [];

async function engine(options: Partial<EngineServerOptions> = {}): Promise<EngineServer> {
  const server = await startEngineServer({
    model: 'qwen3-8b',
    gpu: 'h100',
    servedAs: 'small',
    speed: 2000,
    ...options,
  });
  open.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(server => server.close()));
});

const client = (server: EngineServer) =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 60_000 });

const hello = { model: 'small', messages: [{ role: 'user' as const, content: 'Hello there, how is the water?' }] };

/** Resolves when `holds` does, looking each time the event loop has gone round. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve));
}

describe('chat completions', () => {
  test('answer the official client, say what they are, and count tokens', async () => {
    const server = await engine();
    const { data, response } = await client(server).chat.completions.create(hello).withResponse();
    const { content } = data.choices[0]!.message;
    expect(content).toMatch(/^This is Weir's simulated small \(timed as qwen3-8b\) on h100; no model ran/);
    expect(data.system_fingerprint).toBe('weir-simulated');
    expect(response.headers.get('x-weir-simulated')).toBe('true');
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', index: 0 });
    expect(data.usage!.completion_tokens).toBe(content!.split(' ').length);
    expect(data.usage!.total_tokens).toBe(data.usage!.prompt_tokens + data.usage!.completion_tokens);
    expect(server.stats()).toMatchObject({ finished: 1, running: 0, waiting: 0 });
  });

  test('stream the same answer token by token, role first, usage when asked', async () => {
    const server = await engine();
    const whole = await client(server).chat.completions.create(hello);
    const stream = await client(server).chat.completions.create({
      ...hello,
      ...{ stream: true, stream_options: { include_usage: true } },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
    const text = chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]!.message.content);
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: chunks.length - 2 } });
    const { usage: _, ...plain } = { ...hello, stream: true, usage: undefined };
    const { events, done } = readEvents((await ask(`${server.url}/v1/chat/completions`, plain)).text);
    expect(done).toBe(true);
    expect(events.every(event => event.usage === undefined)).toBe(true);
  });

  test('come token by token at the pace of the engine', async () => {
    const server = await engine({ speed: 20 });
    const stream = await client(server).chat.completions.create({ ...hello, stream: true, max_tokens: 30 });
    let reads = 0;
    for await (const _ of stream) reads++;
    expect(reads).toBe(31);
    const metrics = (await ask(`${server.url}/metrics`)).text;
    const [, sum] = /vllm:e2e_request_latency_seconds_sum\{[^}]*\} (\S+)/.exec(metrics)!;
    // 30 iterations, each at least the time that reading 15.1 GB of weights at 3.35 TB/s takes, 20 times faster.
    expect(Number(sum)).toBeGreaterThan((30 * 15.1e9) / 3.35e12 / 20);
  });

  test('keep to max_tokens, n, stop and logprobs', async () => {
    const api = client(await engine());
    const short = await api.chat.completions.create({ ...hello, max_completion_tokens: 5, n: 3, logprobs: true });
    expect(short.choices.map(choice => choice.finish_reason)).toEqual(['length', 'length', 'length']);
    expect(short.usage!.completion_tokens).toBe(15);
    expect(short.choices[2]!.logprobs!.content).toHaveLength(5);
    const stopped = await api.chat.completions.create({ ...hello, stop: ['no model ran'] });
    expect(stopped.choices[0]!.message.content).toMatch(/on h100; $/);
    expect(stopped.choices[0]!.finish_reason).toBe('stop');
    const long = await api.chat.completions.create({ ...hello, max_tokens: 300, ...{ ignore_eos: true } });
    expect(long.usage!.completion_tokens).toBe(300);
  });

  test('call the tool that has to be called, plain and streaming', async () => {
    const api = client(await engine());
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['C', 'F'] } },
      required: ['city', 'days', 'unit'],
    };
    const tools = [
      { type: 'function' as const, function: { name: 'time', parameters: {} } },
      { type: 'function' as const, function: { name: 'weather', parameters } },
    ];
    const named = { type: 'function' as const, function: { name: 'weather' } };
    const plain = await api.chat.completions.create({ ...hello, tools, tool_choice: named });
    expect(plain.choices[0]!.finish_reason).toBe('tool_calls');
    const call = plain.choices[0]!.message.tool_calls![0]!;
    const name = call.type === 'function' ? call.function.name : '';
    const text = call.type === 'function' ? call.function.arguments : '';
    expect([name, JSON.parse(text)]).toEqual(['weather', { city: 'simulated', days: 0, unit: 'C' }]);

    const stream = api.chat.completions.stream({ ...hello, tools, tool_choice: 'required' });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]!.message.tool_calls![0]).toMatchObject({ function: { name: 'time', arguments: '{}' } });
    const free = await api.chat.completions.create({ ...hello, tools, tool_choice: 'auto' });
    expect(free.choices[0]!.message.tool_calls).toBeUndefined();
  });

  test('find a repeated prompt in the prefix cache', async () => {
    const api = client(await engine());
    const system = { role: 'system' as const, content: 'You know all about rivers, weirs and dams. '.repeat(20) };
    const turn = async (content: string) => {
      const messages = [system, { role: 'user' as const, content }];
      const { usage } = await api.chat.completions.create({ model: 'small', messages });
      return usage!.prompt_tokens_details!.cached_tokens!;
    };
    expect(await turn('What is a weir?')).toBe(0);
    const shared = await turn('And what is a dam?');
    expect(shared).toBe(Math.floor((system.content.length + '<|system|>\n\n<|user|>\n'.length) / 64) * 16);
    expect(await turn('And what is a dam?')).toBeGreaterThanOrEqual(shared);
  });

  test('refuse what a vLLM server refuses, in its words', async () => {
    const server = await engine({ contextTokens: 200 });
    const post = (body: unknown) => ask(`${server.url}/v1/chat/completions`, body);
    const cases: [unknown, number, string][] = [
      ['{"model": ', 400, 'BadRequestError'],
      [{ model: 'small' }, 400, 'BadRequestError'],
      [{ ...hello, model: 'large' }, 404, 'NotFoundError'],
      [{ ...hello, n: 1000 }, 400, 'BadRequestError'],
      [{ ...hello, max_tokens: 500 }, 400, 'BadRequestError'],
      [{ model: 'small', messages: [{ role: 'user', content: 'x'.repeat(900) }] }, 400, 'BadRequestError'],
      [{ ...hello, tool_choice: 'required' }, 400, 'BadRequestError'],
    ];
    for (const [body, status, type] of cases) {
      const reply = await post(body);
      expect([reply.status, JSON.parse(reply.text)]).toMatchObject([status, { error: { type, code: status } }]);
    }
    expect((await ask(`${server.url}/nowhere`)).status).toBe(404);
    expect((await ask(`${server.url}/v1/models`, {})).status).toBe(405);
    expect(server.stats().submitted).toBe(0);
  });
});

test('text completions answer, stream, and take several prompts', async () => {
  const server = await engine();
  const api = client(server);
  const two = await api.completions.create({ model: 'small', prompt: ['One', 'Two'], max_tokens: 8, logprobs: 1 });
  expect(two.choices.map(choice => [choice.index, choice.finish_reason])).toEqual([
    [0, 'length'],
    [1, 'length'],
  ]);
  expect(two.choices[0]!.logprobs!.tokens).toHaveLength(8);
  const body = { model: 'small', prompt: [1, 2, 3], stream: true, stream_options: { include_usage: true } };
  const { events, done } = readEvents((await ask(`${server.url}/v1/completions`, body)).text);
  expect(done).toBe(true);
  expect(events.at(-1)!.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 16 });
  expect(events.map(event => event.choices[0]?.text ?? '').join('')).toMatch(/^This is Weir's simulated/);
});

test('a client that leaves frees its sequence at once', async () => {
  const server = await engine({ speed: 1 });
  const stopper = new AbortController();
  const stream = await client(server).chat.completions.create(
    { ...hello, stream: true, max_tokens: 20_000, ...{ ignore_eos: true } },
    { signal: stopper.signal },
  );
  const reader = stream[Symbol.asyncIterator]();
  await reader.next();
  expect(server.stats()).toMatchObject({ running: 1, finished: 0 });
  stopper.abort();
  await until(() => server.stats().running === 0);
  expect(server.stats()).toMatchObject({ cancelled: 1, waiting: 0, usedBlocks: 0 });

  const outgoing = request(`${server.url}/v1/chat/completions`, { method: 'POST', agent: false });
  outgoing.on('error', () => undefined);
  outgoing.end(JSON.stringify({ ...hello, max_tokens: 20_000, ignore_eos: true }));
  await until(() => server.stats().running === 1);
  outgoing.destroy();
  await until(() => server.stats().cancelled === 2);
  expect((await ask(`${server.url}/metrics`)).text).toMatch(/request_success_total\{[^}]*reason="abort"\} 2/);
});

test('what others ask of a vLLM server is there', async () => {
  const server = await engine();
  await client(server).chat.completions.create({ ...hello, max_tokens: 4 });
  expect((await ask(`${server.url}/health`)).status).toBe(200);
  expect(JSON.parse((await ask(`${server.url}/version`)).text)).toEqual({ version: 'weir-simulated' });
  const models = await client(server).models.list();
  expect(models.data).toMatchObject([{ id: 'small', max_model_len: 40_960 }]);
  const { text, headers } = await ask(`${server.url}/metrics`);
  expect(headers['content-type']).toMatch(/^text\/plain/);
  const values = Object.fromEntries(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.search(/[{ ]/)), Number(line.slice(line.lastIndexOf(' ')))]),
  );
  expect(values).toMatchObject({
    'vllm:num_requests_running': 0,
    'vllm:num_requests_waiting': 0,
    'vllm:kv_cache_usage_perc': 0,
    'vllm:num_preemptions_total': 0,
    'vllm:prefix_cache_hits_total': 0,
    'vllm:generation_tokens_total': 4,
    'vllm:time_to_first_token_seconds_count': 1,
    'vllm:inter_token_latency_seconds_count': 3,
    'vllm:request_time_per_output_token_seconds_count': 1,
    'vllm:e2e_request_latency_seconds_count': 1,
    'vllm:request_success_total': 1,
    'vllm:cache_config_info': 1,
  });
  expect(values['vllm:prompt_tokens_total']).toBe(values['vllm:prefix_cache_queries_total']);
  expect(text).toContain(`num_gpu_blocks="${server.profile.totalBlocks}"`);
  expect(text).toContain('model_name="small"');
});

test('the KV cache says what it is in, and holds the more', async () => {
  const [plain, narrow] = [await engine({ instant: true }), await engine({ instant: true, kvCache: 'fp8' })];
  const cacheOf = async (server: typeof plain) => (await fetch(`${server.url}/metrics`)).text();
  expect(await cacheOf(plain)).toContain('cache_dtype="auto"');
  expect(await cacheOf(narrow)).toContain('cache_dtype="fp8"');
  expect(narrow.profile.totalBlocks).toBeGreaterThan(1.9 * plain.profile.totalBlocks);
});

test('instant answers keep the counts and the cache', async () => {
  const server = await engine({ instant: true });
  const replies = await Promise.all(Array.from({ length: 20 }, () => client(server).chat.completions.create(hello)));
  const texts = new Set(replies.map(reply => reply.choices[0]!.message.content));
  expect(texts.size).toBe(1);
  const { text } = await ask(`${server.url}/v1/chat/completions`, { ...hello, stream: true });
  expect(readEvents(text).done).toBe(true);
  expect(server.stats()).toMatchObject({ finished: 21, running: 0, usedBlocks: 0 });
});

test('another seed gives other answers', async () => {
  const [one, same, other] = await Promise.all([engine(), engine(), engine({ seed: 2 })]);
  const text = async (server: EngineServer) =>
    (await client(server).chat.completions.create({ ...hello, max_tokens: 60 })).choices[0]!.message.content;
  expect(await text(one!)).toBe(await text(same!));
  expect(await text(one!)).not.toBe(await text(other!));
});
