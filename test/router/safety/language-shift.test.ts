import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Classifier, Verdict } from '#contract/learned.js';
import { LanguageShift } from '#router/safety/language-shift.js';

const THRESHOLD = 0.8;
const FRENCH = 'Pourquoi le ciel est-il bleu pendant la journée ?';
const ENGLISH = 'Why is the sky blue during the day?';

function shifted(p: number, by = 1.25): LanguageShift {
  const verdict: Verdict = {
    probabilities: Float32Array.of(1 - p, p),
    best: p >= THRESHOLD ? 1 : 0,
    sure: true,
    tier: 'model',
    ...(p >= THRESHOLD && { spans: [{ type: 'unsafe', start: 0, end: 4, score: p }] }),
  };
  const inner: Classifier = { labels: ['safe', 'unsafe'], prepare: () => Promise.resolve(), classify: () => verdict };
  return new LanguageShift(inner, { byLanguage: { fr: by }, threshold: THRESHOLD });
}

const told = async (p: number, text: string, by?: number) => shifted(p, by).classify(text, { whenBusy: 'wait' });

describe('a shift of the log-odds by language', () => {
  beforeAll(() => shifted(0.9).prepare());

  test('takes back in one language what is not sure enough there, and nothing in another', async () => {
    const french = await told(0.85, FRENCH);
    expect(french).toMatchObject({ best: 0, sure: true });
    expect(french).not.toHaveProperty('spans');
    // ln(.85 / .15) − 1.25 is the log-odds of .619.
    expect(french.probabilities[1]).toBeCloseTo(0.619, 3);
    expect(await told(0.85, ENGLISH)).toMatchObject({ best: 1, spans: [{ score: 0.85 }] });
  });

  test('keeps what is sure, places and all', async () => {
    const french = await told(0.99, FRENCH);
    expect(french).toMatchObject({ best: 1, spans: [{ type: 'unsafe', start: 0, end: 4 }] });
    expect(french.spans![0]!.score).toBeCloseTo(french.probabilities[1]!, 6);
  });

  test('never raises a probability, keeps their order, and says the label exactly from the threshold on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        async (a, b) => {
          const [low, high] = [await told(Math.min(a, b), FRENCH), await told(Math.max(a, b), FRENCH)];
          expect(high.probabilities[1]!).toBeLessThanOrEqual(Math.max(a, b) + 1e-6);
          if (low.best === 1) expect(high.best).toBe(1);
          if (Math.max(a, b) >= THRESHOLD)
            expect(high.best).toBe(high.probabilities[1]! >= Math.fround(THRESHOLD) ? 1 : 0);
        },
      ),
    );
  });
});
