import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiResponses } from '#protocols/responses/responses.js';

/** What no engine should count, and some do. */
const ODD = [-5, 1.5, 1e300, '12', null, true, [], {}] as const;

const chat = (prompt: unknown, completion: unknown) => ({
  choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: prompt, completion_tokens: completion },
});
const anthropic = (prompt: unknown, completion: unknown) => ({
  ...{ type: 'message', role: 'assistant', content: [{ type: 'text', text: 'x' }], stop_reason: 'end_turn' },
  usage: { input_tokens: prompt, output_tokens: completion },
});
const responses = (prompt: unknown, completion: unknown) => ({
  ...{ object: 'response', status: 'completed', output: [] },
  usage: { input_tokens: prompt, output_tokens: completion },
});

describe.each([
  ['openai-chat', openaiChat, chat],
  ['anthropic-messages', anthropicMessages, anthropic],
  ['openai-responses', openaiResponses, responses],
] as const)('what %s counts', (_, protocol, answer) => {
  const usageOf = (prompt: unknown, completion: unknown) =>
    protocol.factsOf(JSON.stringify(answer(prompt, completion)))?.usage;
  const decoded = (prompt: unknown, completion: unknown) =>
    protocol.engine?.decode(JSON.stringify(answer(prompt, completion)))?.usage;

  it('is taken as it is', () => {
    for (const read of [usageOf, decoded]) expect(read(7, 3)).toMatchObject({ promptTokens: 7, completionTokens: 3 });
  });

  it.each(ODD)('is nothing where the prompt has %j tokens, so that it is estimated and never gives money back', odd => {
    for (const read of [usageOf, decoded]) expect(read(odd, 3)).toBeUndefined();
  });

  it.each(ODD)('has no tokens of the answer where those are %j', odd => {
    for (const read of [usageOf, decoded]) expect(read(7, odd)).toMatchObject({ promptTokens: 7, completionTokens: 0 });
  });
});

it('what Anthropic says of caches and the end of a stream are counts as well', () => {
  const usage = { input_tokens: 7, output_tokens: 3, cache_read_input_tokens: -1e9, cache_creation_input_tokens: -2 };
  const body = JSON.stringify({ ...anthropic(0, 0), usage });
  expect(anthropicMessages.factsOf(body)?.usage).toMatchObject({ promptTokens: 7, cachedTokens: 0 });
  const relay = anthropicMessages.relay(false);
  const event = (data: object) => Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
  relay.push(event({ type: 'message_start', message: { usage: { input_tokens: 7, output_tokens: 1 } } }));
  relay.push(event({ type: 'message_delta', delta: {}, usage: { output_tokens: -1e12 } }));
  relay.push(event({ type: 'message_stop' }));
  expect(relay.end().usage).toMatchObject({ promptTokens: 7, completionTokens: 1 });
});

it('what stands in the place of a reason and is none is in no record', () => {
  const body = { ...anthropic(7, 3), stop_reason: 'x'.repeat(1e6) };
  expect(anthropicMessages.factsOf(JSON.stringify(body))?.finish).toBeUndefined();
  const relay = anthropicMessages.relay(false);
  const delta = { type: 'message_delta', delta: { stop_reason: '\n{}' }, usage: { output_tokens: 1 } };
  relay.push(Buffer.from(`data: ${JSON.stringify(delta)}\n\n`));
  expect(relay.end().finish).toBeUndefined();
});
