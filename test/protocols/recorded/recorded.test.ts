import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { AnswerBuilder } from '#protocols/neutral/answer.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { PROTOCOLS } from '#protocols/registry.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { SseReader } from '#protocols/sse.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../../contracts/protocol.js';
import { ANTHROPIC_STREAM, CHAT_STREAM, RESPONSES_STREAM } from './streams.js';

const STREAMS = [
  { engine: anthropicMessages, stream: ANTHROPIC_STREAM },
  { engine: openaiResponses, stream: RESPONSES_STREAM },
  { engine: openaiChat, stream: CHAT_STREAM },
] as const;
const ASKS = [
  {
    client: openaiChat,
    body: {
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
    },
  },
  {
    client: anthropicMessages,
    body: { model: 'm', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }], stream: true },
  },
  { client: openaiResponses, body: { model: 'm', input: 'hi', stream: true } },
] as const;
const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };

describe.each(STREAMS)('a documented stream of $engine.name', ({ engine, stream }) => {
  it('is read whole: thoughts, text, a call, counts', () => {
    const reader = engine.engine!.reader();
    const built = new AnswerBuilder();
    for (const event of new SseReader().push(Buffer.from(stream))) {
      for (const part of reader.read(event)) built.add(part);
    }
    const { parts, finish, usage } = built.answer;
    expect(parts.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_call']);
    expect(parts[0]).toMatchObject({ text: 'Let me look.' });
    expect(parts[1]).toMatchObject({ text: "I'll check the weather – café." });
    expect(parts[2]).toMatchObject({ name: 'get_weather', arguments: '{"location": "Paris"}' });
    expect(finish).toBe('tool_calls');
    expect(usage).toMatchObject({ promptTokens: 2125, cachedTokens: 2000, completionTokens: 89 });
  });

  it.each(ASKS)('reaches a client of $client.name with nothing of it missing', ({ client, body }) => {
    const inbound = client.read(Buffer.from(JSON.stringify(body)), envelope);
    const relay = new Translation(inbound, engine, terms, {}, head).relay();
    let told = '';
    // Cut where it hurts: inside a character of several bytes too.
    for (const byte of Buffer.from(stream)) told += relay.push(Buffer.from([byte])) ?? '';
    expect(relay.end()).toMatchObject({ complete: true, error: undefined, finish: 'tool_calls' });
    const reader = client.engine!.reader();
    const built = new AnswerBuilder();
    for (const event of new SseReader().push(Buffer.from(told))) for (const part of reader.read(event)) built.add(part);
    expect(built.answer.parts.map(part => ('arguments' in part ? part.arguments : part.text))).toEqual([
      'Let me look.',
      "I'll check the weather – café.",
      '{"location": "Paris"}',
    ]);
    expect(built.answer.usage).toMatchObject({ promptTokens: 2125, cachedTokens: 2000, completionTokens: 89 });
  });
});

describe('every API', () => {
  it('has a name and a path of its own', () => {
    expect(new Set(PROTOCOLS.map(({ name }) => name)).size).toBe(PROTOCOLS.length);
    expect(new Set(PROTOCOLS.map(({ enginePath }) => enginePath)).size).toBe(PROTOCOLS.length);
  });
});
