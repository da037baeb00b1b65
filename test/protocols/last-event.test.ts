import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { GuardedRelay } from '#protocols/guards/guarded-relay.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { Protocol, StreamRelay } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { SseReader } from '#protocols/sse.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../contracts/protocol.js';

const chunk = (choice: object) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}`;
const typed = (event: { type: string }) => `event: ${event.type}\ndata: ${JSON.stringify(event)}`;

/** Each API's streams of one answer, event by event. */
const STREAMS: readonly (readonly [Protocol, readonly string[]])[] = [
  [
    openaiChat,
    [
      chunk({ delta: { content: 'It rains.' }, finish_reason: null }),
      chunk({ delta: {}, finish_reason: 'stop' }),
      'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}',
      'data: [DONE]',
    ],
  ],
  [
    anthropicMessages,
    [
      { type: 'message_start', message: { usage: { input_tokens: 7, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'It rains.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
      { type: 'message_stop' },
    ].map(typed),
  ],
  [
    openaiResponses,
    [
      { type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'm' } },
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'It rains.' },
      {
        type: 'response.completed',
        response: { status: 'completed', output: [], usage: { input_tokens: 7, output_tokens: 3 } },
      },
    ].map(typed),
  ],
];

const LINE_ENDS = ['\n', '\r\n', '\r'] as const;
const CASES = STREAMS.flatMap(([protocol, events]) =>
  LINE_ENDS.flatMap(line => ['', line].map(tail => ({ protocol, events, line, tail }))),
).map(one => ({ ...one, name: `${one.protocol.name}, ${JSON.stringify(one.line)} then ${JSON.stringify(one.tail)}` }));

const written = (events: readonly string[], line: string, tail: string) =>
  events.map(event => event.replaceAll('\n', line)).join(line + line) + tail;

function translating(engine: Protocol): StreamRelay {
  const client = engine === openaiChat ? anthropicMessages : openaiChat;
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], stream: true };
  const inbound = client.read(Buffer.from(JSON.stringify(body)), envelope);
  const terms = { servedModel: 'm', defaultMaxTokens: 9, streamUsage: true };
  return new Translation(inbound, engine, terms, {}, head).relay();
}

/** All that a relay sends on of a stream that comes a byte at a time. */
function sent(relay: StreamRelay, stream: string): string {
  let text = '';
  for (const byte of Buffer.from(stream)) text += relay.push(Buffer.from([byte])) ?? '';
  return text + (relay.close()?.toString() ?? '');
}

describe('a stream that the engine closes without a blank line behind its last event', () => {
  it.each(CASES)('passes whole: $name', ({ protocol, events, line, tail }) => {
    const relay = protocol.relay(false);
    const text = sent(relay, written(events, line, tail));
    expect(new SseReader().push(Buffer.from(text))).toEqual(
      new SseReader().push(Buffer.from(written([...events, ''], '\n', ''))),
    );
    expect(relay.end()).toMatchObject({ complete: true, error: undefined, usage: { completionTokens: 3 } });
  });

  it.each(CASES)('is translated whole: $name', ({ protocol, events, line, tail }) => {
    const relay = translating(protocol);
    const text = sent(relay, written(events, line, tail));
    expect(text).toContain('It rains.');
    expect(text).toMatch(/\[DONE\]\n\n$|message_stop"\}\n\n$/);
    expect(relay.end()).toMatchObject({ complete: true, error: undefined, usage: { completionTokens: 3 } });
  });

  it.each(CASES)('is guarded whole: $name', ({ protocol, events, line, tail }) => {
    const chain = new GuardChain([], 'm', () => 0);
    const relay = new GuardedRelay(protocol.relay(false), protocol.answerForm!, chain, 1, () => undefined);
    expect(sent(relay, written(events, line, tail))).toContain('It rains.');
    expect(relay.end().complete).toBe(true);
    expect(chain.ended).toBe(true);
  });

  it('keeps usage from a client that did not ask for it, where that is the last event', () => {
    const relay = openaiChat.relay(true);
    const events = STREAMS[0]![1];
    expect(sent(relay, written([...events.slice(0, 2), events[2]!], '\n', ''))).not.toContain('usage');
    expect(relay.end().usage?.completionTokens).toBe(3);
  });

  it('is cut where its last event is half, and the half goes nowhere', () => {
    for (const [protocol, events] of STREAMS) {
      const stream = written(events, '\n', '');
      for (const relay of [protocol.relay(false), translating(protocol)]) {
        const text = sent(relay, stream.slice(0, -1));
        expect(text === '' || text.endsWith('\n\n')).toBe(true);
        expect(relay.end().complete).toBe(false);
      }
    }
  });

  it('is cut where a last piece of the answer is whole and no end follows', () => {
    const relay = openaiChat.relay(false);
    expect(sent(relay, chunk({ delta: { content: 'It' }, finish_reason: null }))).toContain('It');
    expect(relay.end().complete).toBe(false);
  });
});

it('passes Chat streams whose lines end in CR on event by event', () => {
  const relay = openaiChat.relay(true);
  const stream = `${written(STREAMS[0]![1], '\r', '')}\r\r`;
  const first = stream.indexOf('\r\r') + 2;
  expect(relay.push(Buffer.from(stream.slice(0, first)))?.toString()).toBe(stream.slice(0, first));
  expect(relay.push(Buffer.from(stream.slice(first)))?.toString()).not.toContain('usage');
  expect(relay.end()).toMatchObject({ complete: true, finish: 'stop', usage: { completionTokens: 3 } });
});
