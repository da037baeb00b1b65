import { describe, expect, it } from 'vitest';
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
