import Anthropic from '@anthropic-ai/sdk';
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

const weather: Anthropic.Tool = {
  name: 'get_weather',
  description: 'The weather at a place.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const hello: Anthropic.MessageParam[] = [{ role: 'user', content: 'How is the water today?' }];
const textOf = ({ content }: Anthropic.Message): string =>
  content.map(block => (block.type === 'text' ? block.text : '')).join('');

describe.each(BACKENDS)('the Anthropic client, messages, on an engine that speaks %s', model => {
  const ask = { model, max_tokens: 200, messages: hello };

  it('gets a plain answer with its counts', async () => {
    const answer = await bench.anthropic.messages.create(ask);
    expect(answer).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn', stop_sequence: null });
    expect(textOf(answer)).toMatch(SIMULATED);
    expect(answer.usage.input_tokens).toBeGreaterThan(0);
    expect(answer._request_id).toMatch(/^req_/);
    const record = await bench.record();
    expect(record).toMatchObject({ api: 'anthropic-messages', outcome: { status: 'answered', model } });
    const { cache_read_input_tokens, cache_creation_input_tokens, input_tokens } = answer.usage;
    const prompt = input_tokens + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0);
    expect(record.outcome.usage).toMatchObject({ promptTokens: prompt, completionTokens: answer.usage.output_tokens });
  });

  it('counts what the cache gave apart from what was read anew', async () => {
    const system = 'The weir parts the river into pools. '.repeat(20);
    await bench.anthropic.messages.create({ ...ask, system });
    const again = await bench.anthropic.messages.create({ ...ask, system });
    expect(again.usage.cache_read_input_tokens).toBeGreaterThan(0);
    const { usage } = (await bench.record()).outcome;
    expect(usage!.promptTokens).toBe(again.usage.input_tokens + again.usage.cache_read_input_tokens!);
  });

  it('gets a stream that adds up to the same message', async () => {
    const whole = await bench.anthropic.messages.create(ask);
    const final = await bench.anthropic.messages.stream(ask).finalMessage();
    expect(textOf(final)).toBe(textOf(whole));
    expect(final.stop_reason).toBe('end_turn');
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  it('gets events in the order that the API promises', async () => {
    const events = await gathered(await bench.anthropic.messages.create({ ...ask, stream: true }));
    const types = events.map(({ type }) => type);
    expect(types[0]).toBe('message_start');
    expect(types[1]).toBe('content_block_start');
    expect(types.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
    expect(types.slice(2, -3).every(type => type === 'content_block_delta')).toBe(true);
  });

  it('is told when the limit cut the answer', async () => {
    const answer = await bench.anthropic.messages.create({ ...ask, max_tokens: 16 });
    expect(answer).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 16 } });
  });

  it('has a tool called, and brings its result', async () => {
    const tools = [weather];
    const asked = await bench.anthropic.messages.create({ ...ask, tools, tool_choice: { type: 'any' } });
    expect(asked.stop_reason).toBe('tool_use');
    const call = asked.content.find(block => block.type === 'tool_use')!;
    expect(call).toMatchObject({ name: 'get_weather', input: { city: expect.any(String) } });
    const result: Anthropic.ToolResultBlockParam = {
      type: 'tool_result',
      tool_use_id: call.id,
      content: [
        { type: 'text', text: '21 °C' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
      ],
    };
    const answer = await bench.anthropic.messages.create({
      ...ask,
      tools,
      messages: [...hello, { role: 'assistant', content: asked.content }, { role: 'user', content: [result] }],
    });
    expect(textOf(answer)).toMatch(SIMULATED);
  });

  it('has a tool called in a stream', async () => {
    const tool_choice = { type: 'tool' as const, name: 'get_weather' };
    const final = await bench.anthropic.messages.stream({ ...ask, tools: [weather], tool_choice }).finalMessage();
    expect(final.stop_reason).toBe('tool_use');
    expect(final.content[0]).toMatchObject({ type: 'tool_use', input: { city: expect.any(String) } });
  });

  it('thinks, and takes its thoughts back in the next turn whoever had them', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 };
    const first = await bench.anthropic.messages.stream({ ...ask, max_tokens: 2000, thinking }).finalMessage();
    if (model !== 'openai') {
      expect(first.content[0]).toMatchObject({ type: 'thinking', thinking: expect.stringContaining('thinks nothing') });
    }
    const messages: Anthropic.MessageParam[] = [
      ...hello,
      { role: 'assistant', content: first.content },
      { role: 'user', content: 'And tomorrow?' },
    ];
    // A router may send the next turn anywhere: no engine may be shown another's seal.
    for (const next of BACKENDS) {
      const answer = await bench.anthropic.messages.create({ model: next, max_tokens: 2000, thinking, messages });
      expect(textOf(answer)).toMatch(SIMULATED);
    }
  });

  it('may send images and documents', async () => {
    const answer = await bench.anthropic.messages.create({
      ...ask,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'A text.' } },
            { type: 'text', text: 'What is this?' },
          ],
        },
      ],
    });
    expect(textOf(answer)).toMatch(SIMULATED);
  });

  it('gets errors of its own kind: from Weir, from the engine, and in the middle of a stream', async () => {
    const missing = bench.anthropic.messages.create({ ...ask, model: 'nosuch' });
    await expect(missing).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    bench.engines[model].setFault({ kind: 'error', status: 429 });
    const limited = bench.anthropic.messages.create(ask);
    await expect(limited).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    await expect(limited).rejects.toMatchObject({
      error: { type: 'error', error: { type: 'rate_limit_error', message: expect.any(String) } },
    });
    bench.engines[model].setFault({ kind: 'error', status: 500 });
    await expect(bench.anthropic.messages.create(ask)).rejects.toMatchObject({
      status: 502,
      error: { type: 'error', error: { type: 'api_error', message: expect.any(String) } },
    });
    bench.engines[model].setFault({ kind: 'none' });
    bench.engines[model].setFault({ kind: 'cut', after_tokens: 3 });
    const stream = await bench.anthropic.messages.create({ ...ask, stream: true });
    await expect(gathered(stream)).rejects.toBeInstanceOf(Anthropic.APIError);
    expect((await bench.record()).outcome.status).toBe('cut');
  });

  it('counts tokens, and says who counted', async () => {
    const count = await bench.anthropic.messages.countTokens({ model, messages: hello, tools: [weather] });
    expect(count.input_tokens).toBeGreaterThan(10);
    expect(bench.last.response!.headers.get('x-weir-token-count')).toBe(model === 'anthropic' ? 'engine' : 'estimate');
  });
});

describe('the Anthropic client', () => {
  it('lists models in its own form', async () => {
    const models = await gathered(bench.anthropic.models.list());
    expect(models.map(({ id }) => id)).toEqual(['auto', ...BACKENDS, 'vectors']);
    expect(await bench.anthropic.models.retrieve('openai')).toMatchObject({ type: 'model', id: 'openai' });
    await expect(bench.anthropic.models.retrieve('nosuch')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });

  it('gets what the policy says itself, whole and streamed', async () => {
    const ask = { model: 'auto', max_tokens: 10, messages: [{ role: 'user' as const, content: 'the lottery' }] };
    expect(textOf(await bench.anthropic.messages.create(ask))).toBe('No, thank you.');
    expect(textOf(await bench.anthropic.messages.stream(ask).finalMessage())).toBe('No, thank you.');
  });

  it('is told what was lost on the way', async () => {
    const ask = { model: 'openai', max_tokens: 100, messages: hello };
    const cache_control = { type: 'ephemeral' as const };
    await bench.anthropic.messages.create({ ...ask, system: [{ type: 'text', text: 'Be brief.', cache_control }] });
    expect(bench.last.response!.headers.get('x-weir-lost')).toBe('cache_control');
    expect((await bench.record()).lost).toEqual(['cache_control']);
  });
});
