import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GgufServer, startGgufServer } from '#engine-server/gguf/server.js';
import { CONTEXT, engineBackendContract } from '../../contracts/engine-backend.js';
import { LLAMA_FOLDER, testModel } from '../../support/llama.js';
import { ask } from '../http.js';

const file = testModel();
const start = () =>
  startGgufServer({
    ...{ file: file!, servedAs: 'small', contextTokens: CONTEXT, sequences: 3, threads: 1, cpu: true },
    modulesFrom: [LLAMA_FOLDER],
  });

if (file !== undefined) {
  engineBackendContract('a GGUF engine', {
    start,
    prompt: 'Once upon a time, there was a little girl named Lily.',
    atOnce: 3,
  });
}

describe.skipIf(file === undefined)('a GGUF engine', () => {
  let engine: GgufServer;
  let api: OpenAI;
  beforeAll(async () => {
    engine = await start();
    api = new OpenAI({ baseURL: `${engine.url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 60_000 });
  });
  afterAll(() => engine.close());

  const story = { model: 'small', prompt: 'Once upon a time, there was a little girl', max_tokens: 30 };
  const messages = [{ role: 'user' as const, content: 'Tell me a story.' }];

  test('is real: the model continues the story it was trained on, and nothing says simulated', async () => {
    const { data, response } = await api.completions.create({ ...story, temperature: 0 }).withResponse();
    expect(data.choices[0]!.text).toMatch(/^ named Lily/);
    expect(data.system_fingerprint).toBe('weir-gguf-cpu');
    expect(response.headers.get('x-weir-simulated')).toBeNull();
    expect((await ask(`${engine.url}/metrics`)).text).not.toContain('simulated');
    expect((await ask(`${engine.url}/faults`)).status).toBe(404);
    expect(engine.facts).toMatchObject({ computes: 'CPU', hasTemplate: false, contextTokens: CONTEXT });
  });

  test('temperature 0 always takes the likeliest token, and top_p near 0 does as well', async () => {
    const greedy = await api.completions.create({ ...story, temperature: 0, seed: 1 });
    for (const sampling of [{ temperature: 0 }, { temperature: 1, top_p: 0.0001 }, { temperature: 1, top_k: 1 }]) {
      const other = await api.completions.create({ ...story, ...sampling, seed: 99 });
      expect(other.choices[0]!.text).toBe(greedy.choices[0]!.text);
    }
    const hot = await api.completions.create({ ...story, temperature: 2, seed: 99 });
    expect(hot.choices[0]!.text).not.toBe(greedy.choices[0]!.text);
  });

  test('logit_bias forbids a token, penalties keep from repeating one', async () => {
    const greedy = await api.completions.create({ ...story, temperature: 0 });
    const named = 395; // " named"
    const other = await api.completions.create({ ...story, temperature: 0, logit_bias: { [named]: -100 } });
    expect(greedy.choices[0]!.text).toContain(' named');
    expect(other.choices[0]!.text).not.toContain(' named');
    const penalised = await api.completions.create({ ...story, temperature: 0, frequency_penalty: 2 });
    expect(penalised.choices[0]!.text).not.toBe(greedy.choices[0]!.text);
  });

  test('a schema holds the answer to its form, and so does a tool that is demanded', async () => {
    const schema = { type: 'object', properties: { mood: { enum: ['sad', 'glad'] }, n: { type: 'integer' } } };
    const format = { type: 'json_schema' as const, json_schema: { name: 'mood', schema } };
    const shaped = await api.chat.completions.create({ model: 'small', messages, response_format: format, seed: 1 });
    const value = JSON.parse(shaped.choices[0]!.message.content!) as { mood: string; n: number };
    expect(['sad', 'glad']).toContain(value.mood);
    expect(Number.isInteger(value.n)).toBe(true);
    expect(shaped.choices[0]!.finish_reason).toBe('stop');

    const tools = [{ type: 'function' as const, function: { name: 'feel', parameters: schema } }];
    const stream = api.chat.completions.stream({ model: 'small', messages, tools, tool_choice: 'required', seed: 2 });
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    const call = message.tool_calls![0]!;
    expect(call.type === 'function' && call.function.name).toBe('feel');
    expect(JSON.parse(call.type === 'function' ? call.function.arguments : '')).toHaveProperty('mood');
  });

  test('refuses what it cannot do, saying where and what else there is', async () => {
    const post = (body: object) => ask(`${engine.url}/v1/chat/completions`, { model: 'small', messages, ...body });
    const tools = [{ type: 'function', function: { name: 'feel' } }];
    const cases: [object, string, RegExp][] = [
      [{ logprobs: true }, 'logprobs', /log probabilities/],
      [{ tools }, 'tool_choice', /required/],
      [{ logit_bias: { lily: 1 } }, 'logit_bias.lily', /token ids/],
      [{ response_format: { type: 'xml' } }, 'response_format.type', /json_schema/],
      [
        { response_format: { type: 'json_schema', json_schema: { schema: 5 } } },
        'response_format.json_schema.schema',
        /object/,
      ],
      [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages.0.content.0', /text only/],
      [{ messages: [{ role: 'user', content: 'x'.repeat(1_000_000) }] }, 'messages', /context window/],
    ];
    for (const [body, param, message] of cases) {
      const reply = await post(body);
      expect([reply.status, JSON.parse(reply.text)]).toMatchObject([
        400,
        { error: { param, message: expect.stringMatching(message) as unknown } },
      ]);
    }
    const outside = await ask(`${engine.url}/v1/completions`, { model: 'small', prompt: [5, 9999], max_tokens: 1 });
    expect([outside.status, JSON.parse(outside.text)]).toMatchObject([400, { error: { param: 'prompt.1' } }]);
  });

  test('answers up to the very end of its context window', async () => {
    const { choices, usage } = await api.completions.create({
      ...{ model: 'small', prompt: 'Lily', max_tokens: CONTEXT - 2, seed: 3 },
      ...{ ignore_eos: true },
    });
    expect([choices[0]!.finish_reason, usage!.total_tokens]).toEqual(['length', CONTEXT]);
  });
});

test.skipIf(file === undefined)('an engine that closes while it answers ends without a fault', async () => {
  const engine = await start();
  const body = { model: 'small', prompt: 'Lily', max_tokens: 300, ignore_eos: true, stream: true };
  const answer = ask(`${engine.url}/v1/completions`, body).catch(() => undefined);
  while (engine.stats().running === 0) await new Promise(resolve => setTimeout(resolve, 1));
  await engine.close();
  await answer;
});

test.skipIf(file === undefined)('what is no model is refused with a reason', async () => {
  const fake = startGgufServer({ file: `${LLAMA_FOLDER}/package.json`, cpu: true, modulesFrom: [LLAMA_FOLDER] });
  await expect(fake).rejects.toMatchObject({
    code: 'engine.unusable',
    message: expect.stringMatching(/magic/) as string,
  });
  const folder = startGgufServer({ file: LLAMA_FOLDER, modulesFrom: [LLAMA_FOLDER] });
  await expect(folder).rejects.toMatchObject({ code: 'engine.unusable' });
});
