import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { MessagesWriter } from '#protocols/anthropic/writer.js';
import { AnswerBuilder } from '#protocols/neutral/answer.js';
import { ChatReader } from '#protocols/openai/chat-reader.js';

type Call = { readonly index?: number; readonly id?: string; readonly function: object };

/** The calls that a stream of these deltas makes. */
function read(deltas: readonly (readonly Call[])[]) {
  const reader = new ChatReader();
  const built = new AnswerBuilder();
  const chunk = (delta: object) => JSON.stringify({ choices: [{ index: 0, delta }] });
  for (const tool_calls of deltas)
    for (const event of reader.read({ name: '', data: chunk({ tool_calls }) })) built.add(event);
  for (const event of reader.read({ name: '', data: '[DONE]' })) built.add(event);
  return built.answer.parts.map(part => part.type === 'tool_call' && [part.id, part.name, part.arguments]);
}

const call = (id: string, name: string, args: string, index?: number): Call => ({
  ...(index === undefined ? undefined : { index }),
  id,
  function: { name, arguments: args },
});

describe('calls side by side', () => {
  const both = [
    ['a', 'weather', '{"in":"Oslo"}'],
    ['b', 'weather', '{"in":"Rome"}'],
  ];

  it.each([
    ['each with its index', 0, 1],
    ['all with the same', 0, 0],
    ['with none', undefined, undefined],
  ])('are told apart: %s', (_, first, second) => {
    const calls = [call('a', 'weather', '{"in":"Oslo"}', first), call('b', 'weather', '{"in":"Rome"}', second)];
    expect(read([calls])).toEqual(both);
    expect(read(calls.map(one => [one]))).toEqual(both);
  });

  it('go on in pieces, whether or not those repeat the id', () => {
    const rest = (args: string, index: number, id?: string): Call => ({
      index,
      ...(id === undefined ? undefined : { id }),
      function: { arguments: args },
    });
    expect(
      read([
        [call('a', 'weather', '{"in":', 0), call('b', 'weather', '{"in":', 1)],
        [rest('"Oslo"}', 0), rest('"Rome"', 1, 'b')],
        [rest('}', 1, 'another')],
      ]),
    ).toEqual(both);
  });
});

describe('calls side by side, told as Anthropic tells them', () => {
  const opened = (id: string, name: string, index: number) => call(id, name, '', index);
  const args = (text: string, index: number): Call => ({ index, function: { arguments: text } });
  const [a, b] = [opened('a', 'weather', 0), opened('b', 'time', 1)];
  const called = [
    { type: 'tool_use', id: 'a', name: 'weather', input: { in: 'Oslo' } },
    { type: 'tool_use', id: 'b', name: 'time', input: { at: 'Rome' } },
  ];

  it.each([
    ['one after the other', [[a], [args('{"in":', 0)], [args('"Oslo"}', 0)], [b], [args('{"at":"Rome"}', 1)]]],
    ['in turns', [[a, b], [args('{"in":', 0), args('{"at":', 1)], [args('"Rome"}', 1)], [args('"Oslo"}', 0)]]],
    ['the first whole at once', [[call('a', 'weather', '{"in":"Oslo"}', 0)], [b], [args('{"at":"Rome"}', 1)]]],
  ])('reach listeners of the official client each as itself: %s', async (_, deltas) => {
    const [reader, writer] = [new ChatReader(), new MessagesWriter({ id: 'r', model: 'm', at: 0 })];
    const chunks = deltas.map(tool_calls => JSON.stringify({ choices: [{ index: 0, delta: { tool_calls } }] }));
    const texts = [...chunks, '[DONE]'].flatMap(data =>
      reader.read({ name: '', data }).map(event => writer.event(event)),
    );
    const headers = { 'content-type': 'text/event-stream' };
    const client = new Anthropic({ apiKey: 'k', fetch: async () => new Response(texts.join(''), { headers }) });
    const stream = client.messages.stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] });
    const blocks: unknown[] = [];
    stream.on('contentBlock', block => blocks.push(block));
    expect((await stream.finalMessage()).content).toEqual(called);
    expect(blocks).toEqual(called);
  });
});

it('a call that is whole ends as soon as the answer goes on', () => {
  const reader = new ChatReader();
  const read = (delta: object) =>
    reader.read({ name: '', data: JSON.stringify({ choices: [{ index: 0, delta }] }) }).map(({ kind }) => kind);
  expect(read({ tool_calls: [call('a', 'weather', '{"in":"Oslo"}', 0)] })).toEqual(['open', 'delta']);
  expect(read({ content: 'and' })).toEqual(['close', 'open', 'delta']);
  expect(read({ tool_calls: [{ index: 0, function: { arguments: ' ' } }] })).toEqual([]);
  expect(reader.read({ name: '', data: '[DONE]' }).map(({ kind }) => kind)).toEqual(['close', 'end']);
});
