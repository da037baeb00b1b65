import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Classifier, NO_MODELS, type Verdict } from '#contract/learned.js';
import { RULE_WEIGHT, RuledHead } from '#router/signals/modality/ruled-head.js';

const LABELS = ['audio', 'image', 'text', 'video'];
const SILENT: Verdict = {
  probabilities: new Float32Array(0),
  best: -1,
  sure: false,
  tier: 'fast',
  reason: 'in fr, which this head does not know',
};
const WAIT = { whenBusy: 'wait' } as const;
/** Asks for an image by a rule; the same in a caption, which is too little; asks for nothing that rules know. */
const [RULED, CAPTION, PLAIN] = ['Generate an image of a fox', 'An oil painting of a mill by a river', 'Hello there'];

function said(probabilities: readonly number[], more: Partial<Verdict> = {}): Verdict {
  const best = probabilities.indexOf(Math.max(...probabilities));
  return { probabilities: Float32Array.from(probabilities), best, sure: true, tier: 'model', ...more };
}

function head(verdict: Verdict | Promise<Verdict>, labels = LABELS): Classifier {
  return { labels, prepare: () => Promise.resolve(), classify: () => verdict };
}

describe('a head that rules are heard beside', () => {
  const probability = fc.double({ min: 0.001, max: 1, noNaN: true });

  test('whatever it says, a rule multiplies the odds of its medium, and nothing else', () => {
    fc.assert(
      fc.property(fc.tuple(probability, probability, probability, probability), weights => {
        const sum = weights.reduce((all, one) => all + one, 0);
        const given = weights.map(one => one / sum);
        const joint = new RuledHead(head(said(given))).classify(RULED, WAIT) as Verdict;
        const [audio, image, text, video] = joint.probabilities as unknown as [number, number, number, number];
        expect(audio + image + text + video).toBeCloseTo(1, 5);
        expect(image / (1 - image) / (given[1]! / (1 - given[1]!))).toBeCloseTo(Math.exp(RULE_WEIGHT), 2);
        expect(text / audio).toBeCloseTo(given[2]! / given[0]!, 2);
        expect(joint.probabilities[joint.best]).toBe(Math.max(audio, image, text, video));
        expect(joint).toMatchObject({ tier: 'model', words: 'Generate … image' });
      }),
    );
  });

  test.each([PLAIN, CAPTION])('is left alone by rules that say too little: %j', text => {
    const verdict = said([0.1, 0.2, 0.3, 0.4]);
    expect(new RuledHead(head(verdict)).classify(text, WAIT)).toBe(verdict);
    expect(new RuledHead(head(SILENT)).classify(text, WAIT)).toBe(SILENT);
  });

  test('a rule speaks alone where the head says nothing, and no surer than rules are right', () => {
    for (const verdict of [SILENT, said([0.1, 0.2, 0.3, 0.4], { sure: false, reason: 'busy', tier: 'busy' })]) {
      const alone = new RuledHead(head(verdict)).classify(RULED, WAIT) as Verdict;
      expect(alone).toMatchObject({ best: 1, sure: true, tier: 'fast' });
      expect(alone.probabilities[1]).toBeCloseTo(0.877, 3);
      expect(alone.probabilities.reduce((all, one) => all + one, 0)).toBeCloseTo(1, 5);
      expect(alone).not.toHaveProperty('reason');
    }
    expect(new RuledHead(NO_MODELS.head('modality')).classify(RULED, WAIT)).toMatchObject({ best: 1, sure: true });
  });

  test('together they may be sure where the head was not', () => {
    const unsure = said([0.24, 0.26, 0.26, 0.24], { sure: false });
    expect(new RuledHead(head(unsure)).classify(RULED, WAIT)).toMatchObject({ best: 1, sure: true });
    const other = said([0.01, 0.01, 0.97, 0.01], { sure: false });
    expect(new RuledHead(head(other)).classify(RULED, WAIT)).toMatchObject({ best: 2, sure: false });
  });

  test('a head of the operator’s own that knows no such label is not overruled', () => {
    const verdict = said([0.2, 0.8]);
    expect(new RuledHead(head(verdict, ['words', 'tables'])).classify(RULED, WAIT)).toBe(verdict);
  });

  test('waits only where the head does', async () => {
    const later = new RuledHead(head(Promise.resolve(said([0.1, 0.4, 0.4, 0.1])))).classify(RULED, WAIT);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toMatchObject({ best: 1 });
  });
});
