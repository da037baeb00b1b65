import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BACKENDS, gathered, PIXEL, type SdkBench, SIMULATED, startSdkBench } from './bench.js';

let bench: SdkBench;
beforeAll(async () => {
  bench = await startSdkBench();
});
afterEach(() => {
  for (const engine of Object.values(bench.engines)) engine.setFault({ kind: 'none' });
});
afterAll(() => bench.close());

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather at a place.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const hello = [{ role: 'user' as const, content: 'How is the water today?' }];

describe.each(BACKENDS)('the OpenAI client, chat completions, on an engine that speaks %s', model => {
  const chat = () => bench.openai.chat.completions;

  it('gets a plain answer with its counts', async () => {
    const answer = await chat().create({ model, messages: hello });
    expect(answer.object).toBe('chat.completion');
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } });
    expect(answer.choices[0]!.message.content).toMatch(SIMULATED);
    const { prompt_tokens, completion_tokens, total_tokens } = answer.usage!;
    expect(prompt_tokens).toBeGreaterThan(0);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    const record = await bench.record();
    expect(record).toMatchObject({ api: 'openai-chat', outcome: { status: 'answered', model } });
    expect(record.outcome.usage).toMatchObject({ promptTokens: prompt_tokens, completionTokens: completion_tokens });
    expect(record.lost).toBeUndefined();
  });

  it('gets a stream that says the same, with usage at its end', async () => {
    const whole = await chat().create({ model, messages: hello });
    const stream = await chat().create({
      model,
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await gathered(stream);
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
    expect(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('')).toBe(whole.choices[0]!.message.content);
    expect(chunks.at(-1)!.usage).toMatchObject({ completion_tokens: whole.usage!.completion_tokens });
  });

  it('gets no usage in a stream unless it asked, though Weir counts', async () => {
    const chunks = await gathered(await chat().create({ model, messages: hello, stream: true }));
    expect(chunks.every(chunk => chunk.usage === undefined || chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('stop');
    expect((await bench.record()).outcome.usage!.completionTokens).toBeGreaterThan(0);
  });

  it('is told when the limit cut the answer', async () => {
    const answer = await chat().create({ model, messages: hello, max_tokens: 16 });
    expect(answer.choices[0]!.finish_reason).toBe('length');
    expect(answer.usage!.completion_tokens).toBe(16);
  });

  it('has a tool called, and brings its result', async () => {
    const asked = await chat().create({
      model,
      messages: hello,
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    });
    const [call] = asked.choices[0]!.message.tool_calls!;
    expect(asked.choices[0]!.finish_reason).toBe('tool_calls');
    expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
    if (call?.type !== 'function') throw new Error('no function was called');
    expect(JSON.parse(call.function.arguments)).toHaveProperty('city');
    const answer = await chat().create({
      model,
      messages: [...hello, asked.choices[0]!.message, { role: 'tool', tool_call_id: call.id, content: '21 °C, sunny' }],
      tools: [weather],
    });
    expect(answer.choices[0]!.message.content).toMatch(SIMULATED);
  });

  it('has a tool called in a stream', async () => {
    const runner = bench.openai.chat.completions.stream({
      ...{ model, messages: hello, tools: [weather], tool_choice: 'required' },
    });
    const final = await runner.finalChatCompletion();
    const [call] = final.choices[0]!.message.tool_calls!;
    expect(call).toMatchObject({ function: { name: 'get_weather' } });
    if (call?.type !== 'function') throw new Error('no function was called');
    expect(JSON.parse(call.function.arguments)).toHaveProperty('city');
  });

  it('may send images, a system prompt and a schema to answer by', async () => {
    const answer = await chat().create({
      model,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is in the picture?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
          ],
        },
      ],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'picture', schema: { type: 'object', properties: { what: { type: 'string' } } } },
      },
    });
    expect(answer.choices[0]!.message.content).toMatch(SIMULATED);
    expect((await bench.record()).profile.modality).toBe('image');
  });

  it('gets errors of its own kind: from Weir, from the engine, and in the middle of a stream', async () => {
    await expect(chat().create({ model: 'nosuch', messages: hello })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    bench.engines[model].setFault({ kind: 'error', status: 400 });
    await expect(chat().create({ model, messages: hello })).rejects.toMatchObject({ status: 400 });
    bench.engines[model].setFault({ kind: 'none' });
    bench.engines[model].setFault({ kind: 'cut', after_tokens: 3 });
    const stream = await chat().create({ model, messages: hello, stream: true });
    await expect(gathered(stream)).rejects.toBeInstanceOf(OpenAI.APIError);
    expect((await bench.record()).outcome.status).toBe('cut');
  });

  it('may leave in the middle', async () => {
    bench.engines[model].setFault({ kind: 'stall', after_tokens: 3 });
    const stream = await chat().create({ model, messages: hello, stream: true });
    const before = await bench.gateway.records.count({ status: 'cancelled' });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== undefined) break;
    await expect.poll(() => bench.gateway.records.count({ status: 'cancelled' })).toBe(before + 1);
    expect(bench.engines[model].stats().running).toBe(0);
  });
});

describe('the OpenAI client beside chat', () => {
  it.each(BACKENDS)('completes a text on an engine that speaks %s, whole and streamed', async model => {
    const ask = { model, prompt: 'The river runs', max_tokens: 20 };
    const whole = await bench.openai.completions.create(ask);
    expect(whole).toMatchObject({ object: 'text_completion', choices: [{ index: 0, finish_reason: 'length' }] });
    const chunks = await gathered(await bench.openai.completions.create({ ...ask, stream: true }));
    expect(chunks.map(chunk => chunk.choices[0]?.text ?? '').join('')).toBe(whole.choices[0]!.text);
    expect((await bench.record()).api).toBe('openai-completions');
  });

  it('completes several texts where the engine can, and is refused clearly where none can', async () => {
    const prompt = ['one', 'two'];
    expect((await bench.openai.completions.create({ model: 'openai', prompt })).choices).toHaveLength(2);
    for (const rest of [{ prompt }, { prompt: 'x', echo: true }, { prompt: 'x', suffix: 'y' }, { prompt: [1, 2] }]) {
      await expect(bench.openai.completions.create({ model: 'anthropic', ...rest })).rejects.toMatchObject({
        status: 400,
        code: 'request.unsupported',
      });
    }
    expect(bench.gateway.gateway.runtime.pool.replicas().every(replica => replica.inFlight === 0)).toBe(true);
  });

  it('embeds one text and many, as numbers and in base64', async () => {
    const one = await bench.openai.embeddings.create({ model: 'vectors', input: 'water' });
    const many = await bench.openai.embeddings.create({
      ...{ model: 'vectors', input: ['water', 'stone'], encoding_format: 'float' },
    });
    expect(many.data).toHaveLength(2);
    for (const [at, value] of many.data[0]!.embedding.entries()) {
      expect(one.data[0]!.embedding[at]).toBeCloseTo(value, 6);
    }
    const record = await bench.record();
    expect(record).toMatchObject({ api: 'openai-embeddings', decision: 'direct', placement: { pool: 'v' } });
    expect(record.outcome.usage).toMatchObject({ promptTokens: many.usage.prompt_tokens, completionTokens: 0 });
  });

  it('is told when a model is for something else', async () => {
    await expect(bench.openai.embeddings.create({ model: 'openai', input: 'x' })).rejects.toMatchObject({
      status: 400,
    });
    await expect(bench.openai.chat.completions.create({ model: 'vectors', messages: hello })).rejects.toMatchObject({
      status: 400,
      code: 'request.unsupported',
    });
  });

  it('lists models', async () => {
    const models = await gathered(bench.openai.models.list());
    expect(models.map(({ id }) => id)).toEqual(['auto', ...BACKENDS, 'vectors']);
  });
});
