import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_DEADLINE } from '#contract/deadline.js';
import { WeirError } from '#contract/errors.js';
import type { Classifier, Verdict, WhenBusy } from '#contract/learned.js';

const WAYS: readonly WhenBusy[] = ['fast', 'unknown', 'wait'];

/**
 * What holds for every classifier. `open` makes one whose model is there, or fails with the error.
 */
export function classifierContract(name: string, open: (fail?: WeirError) => Classifier): void {
  describe(`${name} is a classifier`, () => {
    const sound = (verdict: Verdict, { labels }: Classifier): void => {
      const { probabilities, best, sure, reason } = verdict;
      if (best < 0) {
        expect([sure, probabilities.length]).toEqual([false, 0]);
        expect(reason).toMatch(/\S/);
        return;
      }
      expect(probabilities).toHaveLength(labels.length);
      expect(best).toBeLessThan(labels.length);
      for (const p of probabilities) {
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(probabilities[best]!);
      }
      expect(probabilities[best]).toBeLessThanOrEqual(1);
    };

    test('whatever the text holds, a verdict is a probability for each label, or none with the reason', async () => {
      const classifier = open();
      await classifier.prepare();
      const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.lorem(), fc.constant(''));
      await fc.assert(
        fc.asyncProperty(text, fc.constantFrom(...WAYS), async (given, whenBusy) => {
          sound(await classifier.classify(given, { whenBusy, deadline: NO_DEADLINE }), classifier);
        }),
        { numRuns: 60, seed: 7 },
      );
    });

    test('the same text has the same verdict', async () => {
      const classifier = open();
      await classifier.prepare();
      const twice = [1, 2].map(() => classifier.classify('please refund my order', { whenBusy: 'wait' }));
      const [first, second] = await Promise.all(twice);
      expect(second).toEqual(first);
    });

    test('a model that fails is a verdict with the reason, and preparing never rejects', async () => {
      const classifier = open(new WeirError('model.unavailable', 'the model is not there'));
      await classifier.prepare();
      for (const whenBusy of WAYS) {
        const verdict = await classifier.classify('please refund my order', { whenBusy });
        sound(verdict, classifier);
        if (whenBusy !== 'unknown') continue;
        expect(verdict.sure).toBe(false);
      }
    });
  });
}
