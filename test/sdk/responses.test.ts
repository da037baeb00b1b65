import OpenAI from 'openai';
import type { Response, ResponseInputItem, Tool } from 'openai/resources/responses/responses.js';
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

const weather: Tool = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather at a place.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
};

/** The text of a response that was gathered from a stream: the client adds `output_text` to whole ones only. */
const textOf = ({ output }: Response): string =>
  output
    .flatMap(item => (item.type === 'message' ? item.content : []))
    .map(part => (part.type === 'output_text' ? part.text : ''))
    .join('');

describe.each(BACKENDS)('the OpenAI client, responses, on an engine that speaks %s', model => {
  const ask = { model, input: 'How is the water today?' };
  const responses = () => bench.openai.responses;

  it('gets a plain answer with its counts', async () => {
    const answer = await responses().create({ ...ask, instructions: 'Be brief.' });
    expect(answer).toMatchObject({ object: 'response', status: 'completed', error: null, instructions: 'Be brief.' });
    expect(answer.output_text).toMatch(SIMULATED);
    const { input_tokens, output_tokens, total_tokens } = answer.usage!;
    expect(total_tokens).toBe(input_tokens + output_tokens);
    const record = await bench.record();
    expect(record).toMatchObject({ api: 'openai-responses', outcome: { status: 'answered', model } });
    expect(record.outcome.usage).toMatchObject({ promptTokens: input_tokens, completionTokens: output_tokens });
  });

  it('gets a stream that adds up to the same response, its events numbered', async () => {
    const whole = await responses().create(ask);
    const events = await gathered(await responses().create({ ...ask, stream: true }));
    expect(events.map(event => event.sequence_number)).toEqual(events.map((_, at) => at));
    expect(events[0]!.type).toBe('response.created');
    const last = events.at(-1)!;
    if (last.type !== 'response.completed') throw new Error(`ended in ${last.type}`);
    const text = events.map(event => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
    expect(text).toBe(whole.output_text);
    expect(last.response.usage!.output_tokens).toBe(whole.usage!.output_tokens);
  });

  it("is followed by the client's own gatherer of streams", async () => {
    const final = await responses().stream(ask).finalResponse();
    expect(textOf(final)).toMatch(SIMULATED);
    expect(final.status).toBe('completed');
  });

  it('is told when the limit cut the answer', async () => {
    const answer = await responses().create({ ...ask, max_output_tokens: 16 });
    expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    const events = await gathered(await responses().create({ ...ask, max_output_tokens: 16, stream: true }));
    expect(events.at(-1)!.type).toBe('response.incomplete');
  });

  it('has a tool called, and goes on from that by id', async () => {
    const asked = await responses().create({ ...ask, tools: [weather], tool_choice: 'required' });
    const call = asked.output.find(item => item.type === 'function_call')!;
    expect(JSON.parse(call.arguments)).toHaveProperty('city');
    const answer = await responses().create({
      model,
      previous_response_id: asked.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: '21 °C' }],
      tools: [weather],
    });
    expect(answer.output_text).toMatch(SIMULATED);
    expect(answer.previous_response_id === asked.id || model === 'responses').toBe(true);
    expect((await bench.record()).profile).toMatchObject({ archetype: 'agent', warmth: 'warm' });
  });

  it('has a tool called in a stream', async () => {
    const tool_choice = { type: 'function' as const, name: 'get_weather' };
    const final = await responses()
      .stream({ ...ask, tools: [weather], tool_choice })
      .finalResponse();
    expect(final.output[0]).toMatchObject({ type: 'function_call', name: 'get_weather', status: 'completed' });
  });

  it('has free-text tools called as such', async () => {
    const tools: Tool[] = [{ type: 'custom', name: 'apply_patch', description: 'Edits files.' }];
    const tool_choice = { type: 'custom' as const, name: 'apply_patch' };
    const answer = await responses().create({ ...ask, tools, tool_choice });
    // A simulated engine that knows free-text tools itself writes no JSON for them.
    const call = answer.output.find(item => item.type === 'custom_tool_call')!;
    expect(call).toMatchObject({ name: 'apply_patch', input: expect.any(String) });
    const events = await gathered(await responses().create({ ...ask, tools, tool_choice, stream: true }));
    expect(events.some(event => event.type === 'response.custom_tool_call_input.done')).toBe(true);
  });

  it('thinks, and takes its thoughts back in the next turn whoever had them', async () => {
    const more = { reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'] } as const;
    const first = await responses().create({ ...ask, ...more, include: [...more.include], store: false });
    if (model !== 'openai')
      expect(first.output[0]).toMatchObject({ type: 'reasoning', encrypted_content: expect.any(String) });
    const input = [
      { role: 'user', content: ask.input },
      ...first.output,
      { role: 'user', content: 'And tomorrow?' },
    ] as ResponseInputItem[];
    // A router may send the next turn anywhere: no engine may be shown another's seal.
    for (const next of BACKENDS) {
      const answer = await responses().create({
        model: next,
        input,
        ...more,
        include: [...more.include],
        store: false,
      });
      expect(answer.output_text).toMatch(SIMULATED);
    }
  });

  it('may send images', async () => {
    const content = [
      { type: 'input_text' as const, text: 'What is in the picture?' },
      { type: 'input_image' as const, image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' as const },
    ];
    expect((await responses().create({ model, input: [{ role: 'user', content }] })).output_text).toMatch(SIMULATED);
    expect((await bench.record()).profile.modality).toBe('image');
  });

  it('gets errors of its own kind: from Weir, from the engine, and in the middle of a stream', async () => {
    await expect(responses().create({ ...ask, model: 'nosuch' })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    bench.engines[model].setFault({ kind: 'error', status: 400 });
    await expect(responses().create(ask)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    bench.engines[model].setFault({ kind: 'none' });
    bench.engines[model].setFault({ kind: 'cut', after_tokens: 3 });
    const stream = await responses().create({ ...ask, stream: true });
    await expect(gathered(stream)).rejects.toBeInstanceOf(OpenAI.APIError);
    expect((await bench.record()).outcome.status).toBe('cut');
  });

  it('keeps what it said, for its own key only, until it is deleted', async () => {
    const first = await responses().create({ ...ask, input: 'My name is Ada.' });
    expect(await responses().retrieve(first.id)).toMatchObject({ id: first.id, output: first.output });
    const items = await responses().inputItems.list(first.id);
    expect(items.data[0]).toMatchObject({ type: 'message', role: 'user', content: [{ text: 'My name is Ada.' }] });
    const second = await responses().create({ model, previous_response_id: first.id, input: 'What is my name?' });
    expect(second.usage!.input_tokens).toBeGreaterThan(first.usage!.input_tokens + first.usage!.output_tokens / 2);
    const { stranger } = bench;
    await expect(stranger.responses.retrieve(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(
      stranger.responses.create({ model, previous_response_id: first.id, input: 'What is their name?' }),
    ).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
    await expect(stranger.responses.delete(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await responses().delete(first.id);
    await expect(responses().retrieve(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(
      responses().create({ model, previous_response_id: second.id, input: 'And now?' }),
    ).rejects.toMatchObject({ status: 400 });
  });

  it('keeps what it streamed, and nothing when it is told not to', async () => {
    const streamed = await responses().stream(ask).finalResponse();
    expect(await responses().retrieve(streamed.id)).toMatchObject({ id: streamed.id, status: 'completed' });
    const forgotten = await responses().create({ ...ask, store: false });
    await expect(responses().retrieve(forgotten.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(responses().cancel(streamed.id)).rejects.toMatchObject({ status: 400 });
  });
});

describe('the OpenAI client, responses', () => {
  it('gets what the policy says itself, whole and streamed, and can go on from it', async () => {
    const said = await bench.openai.responses.create({ model: 'auto', input: 'the lottery' });
    expect(said.output_text).toBe('No, thank you.');
    const streamed = await bench.openai.responses.stream({ model: 'auto', input: 'the lottery' }).finalResponse();
    expect(textOf(streamed)).toBe('No, thank you.');
    const next = await bench.openai.responses.create({ model: 'openai', input: 'Why?', previous_response_id: said.id });
    expect(next.output_text).toMatch(SIMULATED);
  });

  it('is told that nothing runs in the background', async () => {
    await expect(
      bench.openai.responses.create({ model: 'openai', input: 'x', background: true }),
    ).rejects.toMatchObject({ status: 400, param: 'background' });
  });
});
