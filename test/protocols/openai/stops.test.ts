import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { SseReader } from '#protocols/sse.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../../contracts/protocol.js';

const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };
const MESSAGES = { model: 'm', max_tokens: 9, stop_sequences: ['END'], messages: [{ role: 'user', content: 'hi' }] };

function translated(client: Protocol, body: object, engine: Protocol = openaiChat): Translation {
  return new Translation(client.read(Buffer.from(JSON.stringify(body)), envelope), engine, terms, {}, head);
}

/** A Chat Completions answer, whole and as a stream, as a client of another API is told it. */
function told(client: Protocol, body: object, message: object, choice: object) {
  const whole = JSON.stringify({ choices: [{ index: 0, message, ...choice }] });
  const chunk = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
  const stream = [
    chunk({ choices: [{ index: 0, delta: message, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, ...choice }] }),
    'data: [DONE]\n\n',
  ];
  const events = translated(client, { ...body, stream: true })
    .relay()
    .push(Buffer.from(stream.join('')));
  return {
    whole: JSON.parse(translated(client, body).whole(whole)!.text) as Record<string, unknown>,
    events: new SseReader().push(events!).map(({ data }) => JSON.parse(data) as Record<string, unknown>),
  };
}

describe('why an answer of a chat engine ended', () => {
  it.each([
    ['the stop text that vLLM names', { stop_reason: 'END' }, 'stop_sequence', 'END'],
    ['the stop text that SGLang names', { matched_stop: 'END' }, 'stop_sequence', 'END'],
    ['a stop token', { stop_reason: 128009 }, 'end_turn', null],
    ['nothing that is said', {}, 'end_turn', null],
  ])('is told to an Anthropic client: %s', (_, said, stop_reason, stop_sequence) => {
    const choice = { finish_reason: 'stop', ...said };
    const { whole, events } = told(anthropicMessages, MESSAGES, { content: 'It rains.' }, choice);
    expect(whole).toMatchObject({ stop_reason, stop_sequence });
    expect(events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason, stop_sequence } });
  });

  it('is the call of a tool where one was called, whatever it stopped at', () => {
    const tool_calls = [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }];
    const choice = { finish_reason: 'stop', stop_reason: 'END' };
    const { whole, events } = told(anthropicMessages, MESSAGES, { tool_calls }, choice);
    expect(whole).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', input: {} }] });
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });
});

it('a call without arguments has arguments that can be read', () => {
  const tool_calls = [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }];
  const choice = { finish_reason: 'tool_calls' };
  const { whole, events } = told(openaiResponses, { model: 'm', input: 'hi' }, { tool_calls }, choice);
  expect(whole.output).toMatchObject([{ type: 'function_call', arguments: '{}' }]);
  expect(events.find(({ type }) => type === 'response.function_call_arguments.done')).toMatchObject({
    arguments: '{}',
  });
  expect(events.at(-1)).toMatchObject({ response: { output: [{ arguments: '{}' }] } });
});

describe('what is left out of a request is named', () => {
  const sent = ({ body }: Translation) => JSON.parse(body.toString()) as Record<string, unknown>;
  const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
  const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };

  it('stop texts that Anthropic refuses', () => {
    const some = translated(openaiChat, { ...chat, stop: ['\n\n', 'END'] }, anthropicMessages);
    expect([sent(some).stop_sequences, some.lost]).toEqual([['END'], ['stop']]);
    const none = translated(openaiChat, { ...chat, stop: '\n' }, anthropicMessages);
    expect([sent(none).stop_sequences, none.lost]).toEqual([undefined, ['stop']]);
    expect(translated(openaiChat, { ...chat, stop: 'END' }, anthropicMessages).lost).toEqual([]);
  });

  it.each([[anthropicMessages], [openaiResponses]])('what is no text in a system message, for $name', engine => {
    const content = [{ type: 'text', text: 'Be brief.' }, audio];
    const messages = [{ role: 'system', content }, ...chat.messages];
    expect(translated(openaiChat, { ...chat, messages }, engine).lost).toEqual(['system.audio']);
  });

  it('audio in the result of a tool', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
    const messages = [
      ...chat.messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'heard' }, audio] },
    ];
    expect(translated(openaiChat, { ...chat, messages }, openaiResponses).lost).toEqual(['input_audio']);
    const input = [
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'heard' }, audio] },
    ];
    expect(translated(openaiResponses, { model: 'm', input }).lost).toEqual(['input_audio']);
  });
});
