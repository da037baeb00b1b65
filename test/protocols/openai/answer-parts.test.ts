import { describe, expect, it } from 'vitest';
import type { AnswerGuardMaker } from '#contract/answer-guard.js';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { textsIn } from '#protocols/openai/answer-parts.js';
import { chatEngine } from '#protocols/openai/chat-engine.js';
import { chatForm } from '#protocols/openai/chat-form.js';
import { ChatReader } from '#protocols/openai/chat-reader.js';
import type { SseEvent } from '#protocols/sse.js';

/** Holds every block until it closes, and then says it large. */
function late(seen: string[]): AnswerGuardMaker {
  return {
    name: 'late',
    holds: false,
    guard: () => {
      const held = new Map<string, string>();
      return {
        text({ key }, text) {
          held.set(key, (held.get(key) ?? '') + text);
          return '';
        },
        close({ key, kind }) {
          const text = held.get(key) ?? '';
          seen.push(`${kind} ${text}`);
          return text.toUpperCase();
        },
        end: () => undefined,
      };
    },
  };
}

const text = (said: string) => ({ type: 'text', text: said });
const thought = (said: string) => ({ type: 'thinking', thinking: [text(said)] });
const event = (data: unknown): SseEvent => ({ data: JSON.stringify(data) }) as SseEvent;
const chunk = (content: unknown, finish: string | null = null) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });

describe('content of an answer as a list of parts', () => {
  it('is read by guards when the answer comes whole, across parts, thoughts apart', () => {
    const seen: string[] = [];
    const content = [thought('hm'), text('the sec'), { type: 'reference', reference_ids: [1] }, 'ret', text(' is')];
    const out = chatForm.whole(
      { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] },
      new GuardChain([late(seen)], 'm', () => 0),
    );
    expect(seen).toEqual(['thinking hm', 'text the secret is']);
    const said = (out.choices as { message: { content: unknown } }[])[0]?.message.content;
    expect(textsIn(said, 'text')).toBe('THE SECRET IS');
    expect(textsIn(said, 'thinking')).toBe('HM');
    expect(said).toContainEqual({ type: 'reference', reference_ids: [1] });
  });

  it('is read by guards in a stream, with strings among the lists', () => {
    const seen: string[] = [];
    const stream = chatForm.stream(new GuardChain([late(seen)], 'm', () => 0), 1);
    const said = [
      chunk([thought('h')]),
      chunk([thought('m')]),
      chunk([text('the sec')]),
      chunk('ret'),
      chunk('', 'stop'),
    ]
      .map(one => stream.event(one))
      .join('');
    expect(seen).toEqual(['thinking hm', 'text the secret']);
    const contents = said
      .split('\n\n')
      .filter(line => line.startsWith('data: {'))
      .flatMap(line => JSON.parse(line.slice(6)).choices)
      .map(({ delta }: { delta: { content?: unknown } }) => delta.content);
    expect(contents.map(one => (typeof one === 'string' ? one : textsIn(one, 'text'))).join('')).toBe('THE SECRET');
    expect(contents.map(one => textsIn(one, 'thinking')).join('')).toBe('HM');
  });

  it('keeps the order of thoughts and texts where a text passes unchanged, and takes no null for a thought', () => {
    const still: AnswerGuardMaker = {
      name: 'still',
      holds: false,
      guard: () => {
        let thoughts = '';
        return {
          text({ kind }, text) {
            if (kind !== 'thinking') return text;
            thoughts += text;
            return '';
          },
          close: ({ kind }) => (kind === 'thinking' ? thoughts : ''),
          end: () => undefined,
        };
      },
    };
    const content = [thought('hm'), 'yes', { type: 'text', text: '!', thinking: null }];
    const out = chatForm.whole(
      { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] },
      new GuardChain([still], 'm', () => 0),
    );
    expect((out.choices as { message: unknown }[])[0]?.message).toEqual({
      role: 'assistant',
      content: [thought(''), thought('hm'), 'yes', { type: 'text', text: '!', thinking: null }],
    });
    expect(textsIn(content, 'text')).toBe('yes!');
  });

  it('is not followed into what nests without end', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(textsIn([deep, { type: 'thinking', thinking: deep }, text('yes')], 'text')).toBe('yes');
    expect(textsIn([deep, { type: 'thinking', thinking: deep }], 'thinking')).toBe('');
  });

  it('is translated for clients of other APIs, whole and streamed', () => {
    const content = [thought('hm'), text('yes'), text(' and no')];
    const answer = chatEngine.decode(
      JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] }),
    );
    expect(answer?.parts).toEqual([
      { type: 'thinking', text: 'hm' },
      { type: 'text', text: 'yes and no' },
    ]);
    const reader = new ChatReader();
    const events = content.flatMap(part => reader.read(chunk([part])));
    const deltas = events.flatMap(one => (one.kind === 'delta' ? [one.text] : []));
    expect(deltas).toEqual(['hm', 'yes', ' and no']);
    expect(events.flatMap(one => (one.kind === 'open' ? [one.part] : []))).toEqual(['thinking', 'text']);
  });
});
