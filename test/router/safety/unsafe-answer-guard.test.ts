import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerBlock } from '#contract/answer-guard.js';
import type { Classifier } from '#contract/learned.js';
import type { Action } from '#router/safety/schema.js';
import { unsafeAnswerGuard } from '#router/safety/unsafe-answer-guard.js';

const block: AnswerBlock = { key: 'a', kind: 'text' };

/** 0.95 where it reads `bad`. */
const byWord: Classifier = {
  labels: ['safe', 'unsafe'],
  prepare: () => Promise.resolve(),
  classify: text => byWord.atOnce!(text),
  atOnce: text => {
    const p = text.includes('bad') ? 0.95 : 0.05;
    return { probabilities: Float32Array.of(1 - p, p), best: p > 0.5 ? 1 : 0, sure: true, tier: 'fast' };
  },
};

function pass(pieces: readonly string[], action: Action, classifier = byWord, fail: 'open' | 'closed' = 'closed') {
  const guard = unsafeAnswerGuard({ classifier, action, above: 0.5, fail }).guard('m');
  const out = pieces.map(piece => guard.text(block, piece));
  out.push(guard.close(block));
  return { out, text: out.join(''), note: guard.end() };
}

const cuts = (text: string, at: readonly number[]) => {
  const places = [...new Set(at.map(place => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => text.slice(from, places[i] ?? text.length));
};

describe('L1 on answers', () => {
  test('redact takes out the sentence alone, however the stream is cut', () => {
    const answer = 'It rains. A bad thing, this! The sun is out.\nAnd so on';
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), at => {
        const { text, note } = pass(cuts(answer, at), 'redact');
        expect(text).toBe('It rains. [removed] The sun is out.\nAnd so on');
        expect(note).toMatchObject({ header: 'unsafe', note: 'unsafe 0.95, 1 sentences: redact' });
      }),
    );
  });

  test('what is harmless passes as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 2000 }),
        fc.array(fc.nat(), { maxLength: 9 }),
        (answer, at) => {
          fc.pre(!answer.includes('bad'));
          const { text, note } = pass(cuts(answer, at), 'redact');
          expect(text).toBe(answer);
          expect(note).toBeUndefined();
        },
      ),
    );
  });

  test('log and header let it pass as it comes', () => {
    const pieces = ['It is b', 'ad. And', ' good.'];
    expect(pass(pieces, 'log')).toMatchObject({ out: [...pieces, ''], note: { note: expect.stringContaining('log') } });
    expect(pass(pieces, 'log').note).not.toHaveProperty('header');
    expect(pass(pieces, 'header')).toMatchObject({ out: [...pieces, ''], note: { header: 'unsafe' } });
  });

  test('block ends the answer at the sentence', () => {
    const guard = unsafeAnswerGuard({ classifier: byWord, action: 'block', above: 0.5, fail: 'open' }).guard('m');
    expect(guard.text(block, 'It rains. A ')).toBe('It rains.');
    expect(() => guard.text(block, 'bad thing. ')).toThrow(
      expect.objectContaining({ code: 'safety.blocked', another: false }),
    );
  });

  test('arguments of tools are not read', () => {
    const guard = unsafeAnswerGuard({ classifier: byWord, action: 'block', above: 0.5, fail: 'open' }).guard('m');
    expect(guard.text({ key: 't', kind: 'arguments' }, '{"a":"bad. "}')).toBe('{"a":"bad. "}');
  });

  test.each([
    ['closed', 'block', true],
    ['open', 'block', false],
    ['closed', 'log', false],
  ] as const)('what cannot be judged, failing %s with %s', (fail, action, stops) => {
    const { atOnce: _, ...blind } = byWord;
    const run = () => pass(['It rains. '], action, blind, fail);
    if (stops) expect(run).toThrow(expect.objectContaining({ code: 'safety.blocked' }));
    else
      expect(run()).toMatchObject({
        text: 'It rains. ',
        note: { note: expect.stringContaining('could not be judged') },
      });
  });
});
