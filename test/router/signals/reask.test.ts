import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '#contract/request.js';
import { BigramLikeness } from '#router/signals/bigram-likeness.js';
import { reask } from '#router/signals/reask.js';
import { folded } from '#router/signals/text/fold.js';
import { spacedText } from '#router/signals/text/spaced.js';
import { message, request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';
import { REASK_PAIRS } from './labelled/reask-pairs.js';

const conversation = (...turns: (string | Message)[]) => ({
  request: request({
    messages: turns.flatMap(turn =>
      typeof turn === 'string' ? [message('user', turn), message('assistant', 'An answer.')] : [turn],
    ),
  }),
});

describe('likeness', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '学', '𠀀'), maxLength: 30 });
  const pairsOf = (of: string) => {
    const units = spacedText(folded(of));
    return Array.from({ length: Math.max(0, units.length - 1) }, (_, at) => units.slice(at, at + 2));
  };

  test('is Dice’s, over pairs with their counts, whatever was compared before', () => {
    const likeness = new BigramLikeness();
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), (kept, others) => {
        likeness.keep(kept);
        for (const other of others) {
          const left = pairsOf(kept);
          const there = pairsOf(other);
          const all = left.length + there.length;
          const shared = there.filter(pair => {
            const at = left.indexOf(pair);
            if (at >= 0) left.splice(at, 1);
            return at >= 0;
          }).length;
          expect(likeness.likenessOf(other)).toBeCloseTo(all === 0 ? 0 : (2 * shared) / all, 12);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('reads both ends of a long text', () => {
    const likeness = new BigramLikeness();
    const middle = (unit: string) => `begin here ${unit.repeat(50_000)} end there`;
    likeness.keep(`begin here ${'x'.repeat(50_000)} end there`);
    expect(likeness.likenessOf(middle('x'))).toBe(1);
    expect(likeness.likenessOf(middle('y'))).toBeLessThan(0.1);
  });
});

test('the label is how many turns back, of several the most like', () => {
  const asked = 'How do I reset my password?';
  expect(readOf(reask, {}, conversation(asked, 'And my e-mail address?', asked.toUpperCase()))).toEqual({
    state: 'true',
    score: 1,
    label: '2',
    evidence: '1.00 like 2 back',
  });
  expect(readOf(reask, {}, conversation(asked, 'How to reset my password?', 'How do I reset my password')).label).toBe(
    '2',
  );
  expect(readOf(reask, { turns: 1 }, conversation(asked, 'And my e-mail address?', asked)).state).toBe('false');
});

test.each([
  ['a first turn', ['How do I reset my password?'], 'no earlier turn'],
  ['what is said again without asking', ['Continue', 'Continue'], 'too short to be a question again'],
  ['short Chinese', ['继续', '继续'], 'too short to be a question again'],
  ['other numbers', ['Please summarise chapter 3 of it', 'Please summarise chapter 4 of it'], 'like no earlier turn'],
])('%s is no re-ask', (_what, turns, evidence) => {
  expect(readOf(reask, {}, conversation(...turns))).toMatchObject({ state: 'false', evidence });
});

test('answers, images and tool results are no turns', () => {
  const asked = 'How do I reset my password?';
  const messages = [
    message('user', asked),
    message('assistant', asked),
    message('user', { type: 'tool_result', id: '1', text: asked, failed: false }),
    message('user', { type: 'image', source: 'data:' }),
    message('user', asked),
    message('user', { type: 'tool_result', id: '1', text: 'late', failed: false }),
  ];
  expect(readOf(reask, {}, { request: request({ messages }) }).label).toBe('1');
});

test('on the pairs that nothing was tuned on', () => {
  const held = REASK_PAIRS.filter((_, index) => index % 2 === 1);
  const told = held.map(([is, first, second]) => ({
    is,
    says: readOf(reask, {}, conversation(first, second)).state === 'true',
  }));
  const right = told.filter(({ is, says }) => is && says).length;
  // What docs/signals.md states, from bench/signals.mjs.
  expect({ pairs: held.length, right, wrong: told.filter(({ is, says }) => !is && says).length }).toEqual(FIGURES);
});

const FIGURES = { pairs: 32, right: 13, wrong: 0 };

test('what nothing reaches is a problem', () => {
  expect(problemsOf(reask, { above: 1 })).toMatchObject([{ code: 'config.range' }]);
  expect(accepts(reask, { turns: 0 })).toBe(false);
  expect(accepts(reask, { turns: 17 })).toBe(false);
});
