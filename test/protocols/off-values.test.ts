import { expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiCompletions } from '#protocols/openai/completions.js';
import type { Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../contracts/protocol.js';

const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };
const messages = [{ role: 'user', content: 'hi' }];

/** Members that ask for nothing: what the API takes for granted, said. */
const OFF: readonly (readonly [Protocol, object, Readonly<Record<string, unknown>>])[] = [
  [
    openaiChat,
    { messages },
    {
      ...{ logprobs: false, top_logprobs: 0, n: 1, parallel_tool_calls: true, store: false, service_tier: 'auto' },
      ...{ stream_options: {}, top_k: null, metadata: {}, logit_bias: {}, modalities: ['text'], stop: '', tools: [] },
      ...{ frequency_penalty: 0, presence_penalty: 0, seed: null, verbosity: 'medium', top_p: 1, temperature: 1 },
      ...{ response_format: { type: 'text' }, functions: [], function_call: 'auto', prediction: null, audio: null },
      // Members that vLLM has.
      ...{
        ignore_eos: false,
        min_tokens: 0,
        repetition_penalty: 1,
        min_p: 0,
        skip_special_tokens: true,
        stop_token_ids: [],
      },
      ...{
        include_reasoning: true,
        use_beam_search: false,
        chat_template_kwargs: {},
        prompt_cache_key: '',
        priority: 0,
      },
    },
  ],
  [
    openaiCompletions,
    { prompt: 'hi' },
    { echo: false, best_of: 1, suffix: null, logprobs: null, n: 1, logit_bias: {}, stop: [], presence_penalty: 0 },
  ],
  [
    openaiResponses,
    { input: 'hi' },
    {
      ...{
        parallel_tool_calls: true,
        store: false,
        service_tier: 'auto',
        stream_options: {},
        metadata: {},
        include: [],
      },
      ...{ truncation: 'disabled', background: false, top_logprobs: 0, max_tool_calls: null, prompt: null, text: {} },
      ...{ reasoning: {}, tools: [], tool_choice: 'auto', conversation: null, instructions: null, top_p: 1 },
    },
  ],
  [
    anthropicMessages,
    { messages, max_tokens: 99 },
    {
      ...{
        service_tier: 'auto',
        cache_control: null,
        thinking: { type: 'disabled' },
        stop_sequences: [],
        metadata: {},
      },
      ...{ tools: [], mcp_servers: [], container: null, context_management: null, system: '' },
    },
  ],
];
const ENGINES = [openaiChat, anthropicMessages, openaiResponses];
const CASES = OFF.flatMap(([client, least, members]) =>
  ENGINES.filter(engine => engine !== client).flatMap(engine =>
    Object.entries(members).map(([key, value]) => ({
      ...{ client, engine, body: { model: 'm', ...least, [key]: value } },
      name: `${key}: ${JSON.stringify(value)} of ${client.name} on ${engine.name}`,
    })),
  ),
);

it.each(CASES)('nothing is lost with $name', ({ client, engine, body }) => {
  const inbound = client.read(Buffer.from(JSON.stringify(body)), envelope);
  expect(new Translation(inbound, engine, terms, {}, head).lost).toEqual([]);
});

it.each([
  [openaiChat, { messages, logprobs: true, top_logprobs: 2 }, ['logprobs', 'top_logprobs']],
  [openaiChat, { messages, web_search_options: {} }, ['web_search_options']],
  [openaiChat, { messages, service_tier: 'flex', verbosity: 'low' }, ['verbosity', 'service_tier']],
  [openaiChat, { messages, include_reasoning: false }, ['include_reasoning']],
])('what asks for something is: %s', (client, body, names) => {
  const inbound = client.read(Buffer.from(JSON.stringify({ model: 'm', ...body })), envelope);
  expect(new Translation(inbound, anthropicMessages, terms, {}, head).lost).toEqual(names);
});

it('what is off is not asked of an engine that would take it for something else', () => {
  const body = { model: 'm', messages, top_k: -1, top_p: 1, temperature: 0.5, stop: '' };
  const inbound = openaiChat.read(Buffer.from(JSON.stringify(body)), envelope);
  const sent = JSON.parse(new Translation(inbound, anthropicMessages, terms, {}, head).body.toString());
  expect(sent).not.toHaveProperty('top_k');
  // With a temperature, newer models of Anthropic refuse any.
  expect(sent).not.toHaveProperty('top_p');
  expect(sent).not.toHaveProperty('stop_sequences');
});
