import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import type { Answer } from '#protocols/neutral/answer.js';
import { eventsOf } from '#protocols/neutral/answer.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { SseReader } from '#protocols/sse.js';
import { envelope, head } from '../../contracts/protocol.js';

const grammar = { syntax: 'lark', definition: 'start: "x"' };
const body = {
  model: 'm',
  tools: [
    { type: 'custom', custom: { name: 'run', description: 'Runs it.', format: { type: 'grammar', grammar } } },
    { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
  ],
  messages: [
    { role: 'user', content: 'go' },
    { role: 'assistant', tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'run', input: 'print(1)' } }] },
    { role: 'tool', tool_call_id: 'c1', content: '1' },
  ],
};
const inbound = () => openaiChat.read(Buffer.from(JSON.stringify(body)), envelope);
const sentTo = (engine: typeof openaiResponses) =>
  JSON.parse(
    engine.engine!.encode(inbound().conversation(), { servedModel: 'm', defaultMaxTokens: 9, streamUsage: true }).body,
  );

/** What an engine without such tools answers: a call with one argument, in two pieces, beside an ordinary one. */
const answer: Answer = {
  parts: [
    { type: 'tool_call', id: 'c2', name: 'run', arguments: '{"input":"print(\\"é\\")"}' },
    { type: 'tool_call', id: 'c3', name: 'look', arguments: '{}' },
  ],
  finish: 'tool_calls',
  foreign: [],
};
const free = { id: 'c2', type: 'custom', custom: { name: 'run', input: 'print("é")' } };

describe('free-text tools of Chat Completions on engines of other APIs', () => {
  it('are called as the client knows them', () => {
    const asked = inbound();
    asked.conversation();
    expect(JSON.parse(asked.writer(head).whole(answer)).choices[0].message.tool_calls).toEqual([
      free,
      { id: 'c3', type: 'function', function: { name: 'look', arguments: '{}' } },
    ]);
  });

  it('are called so in a stream too', () => {
    const asked = inbound();
    asked.conversation();
    const writer = asked.writer(head);
    const text = eventsOf(answer)
      .map(event => writer.event(event))
      .join('');
    const calls: Record<string, unknown>[] = [];
    for (const { data } of new SseReader().push(Buffer.from(text))) {
      if (data === '[DONE]') continue;
      for (const { index, custom, ...said } of JSON.parse(data).choices[0].delta.tool_calls ?? []) {
        const before = (calls[index] ?? {}) as { custom?: { input: string } };
        const input = (before.custom?.input ?? '') + (custom?.input ?? '');
        calls[index] = { ...before, ...said, ...(custom && { custom: { ...before.custom, ...custom, input } }) };
      }
    }
    expect(calls[0]).toEqual(free);
    expect(calls[1]).toMatchObject({ id: 'c3', type: 'function' });
  });

  it('are told to a Responses engine in its own words, their results too', () => {
    const { tools, input } = sentTo(openaiResponses);
    expect(tools[0]).toEqual({
      type: 'custom',
      name: 'run',
      description: 'Runs it.',
      format: { type: 'grammar', ...grammar },
    });
    expect(input.slice(1)).toEqual([
      { type: 'custom_tool_call', call_id: 'c1', name: 'run', input: 'print(1)' },
      { type: 'custom_tool_call_output', call_id: 'c1', output: '1' },
    ]);
  });

  it('are functions with one text argument elsewhere', () => {
    const { tools, messages } = sentTo(anthropicMessages);
    expect(tools[0]).toMatchObject({ name: 'run', input_schema: { required: ['input'] } });
    expect(messages[1].content[0]).toMatchObject({ type: 'tool_use', id: 'c1', input: { input: 'print(1)' } });
  });
});
