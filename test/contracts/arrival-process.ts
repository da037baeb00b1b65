import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { type ArrivalSpec, arrivalProcess } from '#workload/generate/arrivals.js';

/** What holds for every arrival process; `cv2` of its gaps where theory gives one. */
export function describeArrivalProcess(name: string, spec: ArrivalSpec, cv2?: number): void {
  const gapsOf = (seed: number, count: number) => {
    const process = arrivalProcess(spec, 50, seededRandom(seed));
    return Array.from({ length: count }, () => process.nextGap());
  };

  describe(`arrival process ${name}`, () => {
    test('gaps are finite and never negative, and the same seed gives the same', () => {
      const gaps = gapsOf(5, 2000);
      for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(0);
      expect(gaps.every(Number.isFinite)).toBe(true);
      expect(gapsOf(5, 2000)).toEqual(gaps);
      expect(gapsOf(6, 2000)).not.toEqual(gaps);
    });

    test('the mean rate is the one asked for', () => {
      const gaps = gapsOf(1, 400_000);
      const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
      expect(1000 / mean / 50).toBeCloseTo(1, 1);
      if (cv2 === undefined) return;
      const squares = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
      expect(squares / mean ** 2 / cv2).toBeCloseTo(1, 1);
    });

    test('a rate that is none is an error of the catalogue', () => {
      for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => arrivalProcess(spec, rate, seededRandom(1))).toThrowError(/rate is/);
      }
    });
  });
}
