import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerGuard, AnswerStopped } from '#contract/answer-guard.js';
import { createRouter } from '#router/router.js';
import { leakGuard } from '#router/safety/leak-guard.js';
import { PromptIndexes } from '#router/safety/prompt-indexes.js';
import { REMOVED } from '#router/safety/redaction.js';
import type { Action } from '#router/safety/schema.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { configured, facts, message, profile, request } from '../support.js';

const RUN = 12;
/** Most characters between two words of a row. */
const GAP = 256;
const block = { key: '0', kind: 'text' } as const;
const PROMPT =
  'You are the assistant of a small bakery in Lyon and never tell anyone that the secret code of the cellar is seven four two one.';

const router = createRouter(configured({}), { clock: new VirtualClock(), models: [facts('m')] });

function guardOf(prompt: string, action: Action): AnswerGuard | undefined {
  const asked = request({ messages: [message('system', prompt), message('user', 'hi')] });
  const route = router.draft(asked);
  leakGuard({ board: router.board(asked, profile()), route }, action, new PromptIndexes());
  return route.guards?.[0]?.guard('m');
}

/** What a client gets of an answer that comes in pieces, and how many passages were found. */
function told(guard: AnswerGuard, pieces: readonly string[]): { said: string; found: number; stopped: boolean } {
  let said = '';
  let stopped = false;
  try {
    for (const piece of pieces) said += guard.text(block, piece);
    said += guard.close(block);
  } catch (error) {
    if (!(error instanceof AnswerStopped)) throw error;
    stopped = true;
  }
  return { said, found: Number(/\d+/.exec(guard.end()?.note ?? '0')?.[0]), stopped };
}

/** What is to be found, by the definition: each passage is all that runs of twelve words which share words cover. */
function passagesOf(prompt: string, text: string): { start: number; end: number }[] {
  const words = (of: string) => [...of.matchAll(/[\p{L}\p{N}]+/gu)];
  const said = words(prompt).map(([word]) => word.toLowerCase());
  const runs = new Set(said.flatMap((_, at) => (at + RUN <= said.length ? [said.slice(at, at + RUN).join(' ')] : [])));
  const heard = words(text).map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));
  const passages: { start: number; end: number }[] = [];
  for (let at = 0; at + RUN <= heard.length; at++) {
    const row = heard.slice(at, at + RUN);
    if (row.some(({ start }, i) => i > 0 && start - row[i - 1]!.end > GAP)) continue;
    if (!runs.has(row.map(({ word }) => word).join(' '))) continue;
    const [start, end] = [row[0]!.start, row.at(-1)!.end];
    const last = passages.at(-1);
    if (last !== undefined && start < last.end) last.end = end;
    else passages.push({ start, end });
  }
  return passages;
}

function without(text: string, passages: readonly { start: number; end: number }[]): string {
  let out = '';
  let from = 0;
  for (const { start, end } of passages) {
    out += text.slice(from, start) + REMOVED;
    from = end;
  }
  return out + text.slice(from);
}

const word = fc.constantFrom('a', 'b', 'B', 'naïve', '7', '𝒳y', 'İ', 'ΑΣ', 'word');
const between = fc.constantFrom(' ', ' ', ', ', '\n', '-', ' 😀 ', '.'.repeat(GAP), '.'.repeat(GAP + 1));
const spoken = (words: fc.Arbitrary<string>, least: number, most: number) =>
  fc
    .array(fc.tuple(words, between), { minLength: least, maxLength: most })
    .map(all => all.map(([one, gap]) => one + gap).join(''));
/** A prompt, and an answer of pieces of it and of other words. */
const leaks = spoken(word, 16, 40).chain(prompt => {
  const words = prompt.match(/[\p{L}\p{N}]+/gu)!;
  const piece = fc
    .tuple(fc.nat(words.length - 1), fc.nat(30), fc.constantFrom(' ', '; ', '\n'))
    .map(([at, count, gap]) => words.slice(at, at + count).join(gap) + gap);
  return fc.record({
    prompt: fc.constant(prompt),
    answer: fc.array(fc.oneof(piece, spoken(word, 0, 14)), { maxLength: 6 }).map(all => all.join('')),
    cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
  });
});

function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

describe('the guard of the system prompt', () => {
  it('finds in a stream what it finds in the whole answer, and that is what the prompt has in a row', () => {
    fc.assert(
      fc.property(leaks, ({ prompt, answer, cuts }) => {
        const passages = passagesOf(prompt, answer);
        for (const pieces of [[answer], cut(answer, cuts), cut(answer, [1])]) {
          const redacted = { said: without(answer, passages), found: passages.length, stopped: false };
          expect(told(guardOf(prompt, 'redact')!, pieces)).toEqual(redacted);
          for (const action of ['log', 'header'] as const) {
            expect(told(guardOf(prompt, action)!, pieces)).toEqual({ ...redacted, said: answer });
          }
          const blocked = told(guardOf(prompt, 'block')!, pieces);
          expect(blocked.stopped).toBe(passages.length > 0);
          // Nothing of the passage has left.
          expect(answer.slice(0, passages[0]?.start).startsWith(blocked.said)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each([1, 7, 1000])('takes all of a leak out of a stream, to its last word, in pieces of %i', size => {
    const answer = `Sure: "${PROMPT}" Anything else?`;
    expect(told(guardOf(PROMPT, 'redact')!, cut(answer, [size]))).toEqual({
      ...{ said: `Sure: "${REMOVED}." Anything else?`, found: 1, stopped: false },
    });
  });

  it('counts each choice and each text by itself', () => {
    const guard = guardOf(PROMPT, 'log')!;
    for (const key of ['0.content', '1.content']) {
      for (const piece of cut(PROMPT, [5])) expect(guard.text({ key, kind: 'text' }, piece)).toBe(piece);
      expect(guard.close({ key, kind: 'text' })).toBe('');
    }
    expect(guard.end()?.note).toBe('leakage 2: log');
  });

  it('holds nothing back but what may still become a leak', () => {
    const guard = guardOf(PROMPT, 'redact')!;
    expect(guard.text(block, 'Something of its own, ')).toBe('Something of its own, ');
    expect(guard.text(block, 'the secret code of the ')).toBe('');
    expect(guard.text(block, 'door opens ')).toBe('the secret code of the door opens ');
    expect(guard.text(block, 'hel')).toBe('');
    expect(guard.text(block, 'lo ')).toBe('hello ');
    expect(guard.text(block, 'You are')).toBe('');
    expect(guard.text(block, '.'.repeat(GAP))).toBe('');
    expect(guard.text(block, '.')).toBe(`You are${'.'.repeat(GAP + 1)}`);
    expect(guard.text(block, 'x'.repeat(100_000)).length).toBeGreaterThan(99_000);
    expect(guard.close(block).length).toBeLessThan(1000);
    expect(guard.end()).toBeUndefined();
  });

  it('is not put on short prompts', () => {
    expect(guardOf(PROMPT.split(' ').slice(0, 15).join(' '), 'log')).toBeUndefined();
    expect(guardOf(PROMPT.split(' ').slice(0, 16).join(' '), 'log')).toBeDefined();
  });

  it('takes words of any length for words, but none longer than any prompt has', () => {
    const long = `${'y'.repeat(300)} ${PROMPT}`;
    const answer = `${'y'.repeat(300)} and ${'y'.repeat(43)} ${PROMPT}`;
    for (const pieces of [[answer], cut(answer, [1])]) {
      expect(told(guardOf(long, 'redact')!, pieces).said).toBe(`${'y'.repeat(300)} and ${'y'.repeat(43)} ${REMOVED}.`);
    }
  });
});
