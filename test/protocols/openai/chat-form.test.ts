import { describe, expect, it } from 'vitest';
import type { AnswerGuardMaker } from '#contract/answer-guard.js';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { chatForm } from '#protocols/openai/chat-form.js';
import type { SseEvent } from '#protocols/sse.js';

/** Writes everything large, one piece later than it came, and notes of what kind it was. */
function loud(kinds: Set<string>): AnswerGuardMaker {
  return {
    name: 'loud',
    holds: false,
    guard: () => {
      const held = new Map<string, string>();
      return {
        text({ key, kind }, text) {
          kinds.add(kind);
          const before = held.get(key) ?? '';
          held.set(key, text);
          return before.toUpperCase();
        },
        close: ({ key }) => (held.get(key) ?? '').toUpperCase(),
        end: () => undefined,
      };
    },
  };
}

const event = (data: unknown): SseEvent => ({ data: JSON.stringify(data) }) as SseEvent;

describe('guards of chat answers', () => {
  it('see the call of a function in its older form, whole and streamed', () => {
    const kinds = new Set<string>();
    const chain = () => new GuardChain([loud(kinds)], 'm', () => 0);
    const message = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } };
    const out = chatForm.whole({ choices: [{ index: 0, message, finish_reason: 'function_call' }] }, chain());
    expect(out.choices).toMatchObject([{ message: { function_call: { name: 'f', arguments: '{"A":1}' } } }]);
    const stream = chatForm.stream(chain(), 1);
    const deltas = [{ name: 'f', arguments: '' }, { arguments: '{"a"' }, { arguments: ':1}' }];
    const said = deltas
      .map(call =>
        stream.event(event({ choices: [{ index: 0, delta: { function_call: call }, finish_reason: null }] })),
      )
      .concat(stream.event(event({ choices: [{ index: 0, delta: {}, finish_reason: 'function_call' }] })))
      .join('');
    expect(argumentsIn(said)).toBe('{"A":1}');
    expect(kinds).toEqual(new Set(['arguments']));
  });

  it('keep the choices of an answer apart, however they are mixed', () => {
    const stream = chatForm.stream(new GuardChain([loud(new Set())], 'm', () => 0), 2);
    const chunk = (index: number, content: string, finish: string | null = null) =>
      stream.event(event({ choices: [{ index, delta: { content }, finish_reason: finish }] }));
    const both = stream.event(
      event({ choices: [0, 1].map(index => ({ index, delta: { content: `${index}` }, finish_reason: null })) }),
    );
    const said = both + chunk(1, 'b') + chunk(0, 'a') + chunk(0, 'aa', 'stop') + chunk(1, 'bb') + chunk(1, '', 'stop');
    expect([0, 1].map(index => contentIn(said, index))).toEqual(['0AAA', '1BBB']);
  });
});

interface Delta {
  readonly content?: string;
  readonly function_call?: { readonly arguments?: string };
}

function deltasIn(stream: string): { readonly index: number; readonly delta: Delta }[] {
  const events = stream.split('\n\n').filter(text => text.startsWith('data: {'));
  return events.flatMap(text => JSON.parse(text.slice(6)).choices);
}

function contentIn(stream: string, of: number): string {
  return deltasIn(stream)
    .map(({ index, delta }) => (index === of ? (delta.content ?? '') : ''))
    .join('');
}

function argumentsIn(stream: string): string {
  return deltasIn(stream)
    .map(({ delta }) => delta.function_call?.arguments ?? '')
    .join('');
}
