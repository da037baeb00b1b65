import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome } from '#contract/outcome.js';
import type { Quote } from '#contract/pool-view.js';
import type { Candidate } from '#contract/route.js';
import type { SelectionContext, Selector } from '#contract/selection.js';

/** What the contract needs to know to try a selector: how to make one, and how to put it into a situation. */
export interface SelectorUnderTest {
  readonly name: string;
  /** Models that the selector is configured for, at least three. */
  readonly models: readonly string[];
  make(): Selector;
  /** A context in which the pool quotes this for each model. */
  context(quotes: ReadonlyMap<string, Partial<Quote>>, seed: number): SelectionContext;
}

const DRAWS = 4_000;

const quote: fc.Arbitrary<Partial<Quote>> = fc.record({
  feasible: fc.boolean(),
  ttftMs: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
  tpotMs: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
  load: fc.constantFrom(0, 0.5, 1, 3),
  prefixHitTokens: fc.constantFrom(0, 64, 100_000),
  price: fc.constantFrom({ prompt: 1, completion: 2, cached: 0.5 }, { prompt: 9, completion: 30, cached: 9 }),
});

/** What holds of every selector. */
export function selectorContract({ name, models, make, context }: SelectorUnderTest): void {
  const situation = fc
    .tuple(
      fc.shuffledSubarray([...models], { minLength: 1 }),
      fc.array(quote, { minLength: models.length, maxLength: models.length }),
    )
    .map(([asked, quotes]) => ({ asked, quotes: new Map(models.map((model, index) => [model, quotes[index] ?? {}])) }));

  test(`${name}: ranks every model once, the ruled-out last and with a reason`, () => {
    const selector = make();
    fc.assert(
      fc.property(situation, fc.integer(), ({ asked, quotes }, seed) => {
        const ranked = selector.rank(asked, context(quotes, seed));
        expect(ranked.map(({ model }) => model).sort()).toEqual([...asked].sort());
        const firstOut = ranked.findIndex(({ eligible }) => !eligible);
        expect(ranked.slice(firstOut === -1 ? ranked.length : firstOut).every(({ eligible }) => !eligible)).toBe(true);
        for (const candidate of ranked) {
          expect(candidate.reason).not.toBe('');
          expect(Number.isFinite(candidate.score)).toBe(true);
          if (quotes.get(candidate.model)?.feasible === false) expect(candidate.eligible).toBe(false);
        }
      }),
    );
  });

  test(`${name}: propensities are a distribution over the eligible`, () => {
    const selector = make();
    fc.assert(
      fc.property(situation, fc.integer(), ({ asked, quotes }, seed) => {
        const ranked = selector.rank(asked, context(quotes, seed));
        const eligible = ranked.filter(candidate => candidate.eligible);
        for (const { propensity } of ranked) expect(propensity).toBeGreaterThanOrEqual(0);
        for (const candidate of ranked) if (!candidate.eligible) expect(candidate.propensity).toBe(0);
        if (eligible.length > 0) expect(total(eligible)).toBeCloseTo(1, 9);
        if (eligible[0] !== undefined) expect(eligible[0].propensity).toBeGreaterThan(0);
      }),
    );
  });

  test(`${name}: the same seed gives the same ranking`, () => {
    fc.assert(
      fc.property(situation, fc.integer(), ({ asked, quotes }, seed) => {
        expect(make().rank(asked, context(quotes, seed))).toEqual(make().rank(asked, context(quotes, seed)));
      }),
    );
  });

  test(`${name}: a model is first as often as its propensity says`, () => {
    const alike = new Map(models.map(model => [model, {} satisfies Partial<Quote>]));
    const apart = new Map(models.map((model, index) => [model, { ttftMs: 100 + index, tpotMs: 10, load: index / 10 }]));
    for (const quotes of [alike, apart]) {
      const selector = make();
      const asked = context(quotes, 42);
      const first = new Map<string, number>();
      const expected = new Map(selector.rank(models, asked).map(({ model, propensity }) => [model, propensity]));
      for (let draw = 0; draw < DRAWS; draw++) {
        const winner = selector.rank(models, asked)[0]?.model ?? '';
        first.set(winner, (first.get(winner) ?? 0) + 1);
      }
      for (const [model, propensity] of expected) {
        // Five standard deviations: the seed is fixed, so it either holds or it does not.
        const slack = 5 * Math.sqrt((propensity * (1 - propensity)) / DRAWS);
        expect(Math.abs((first.get(model) ?? 0) / DRAWS - propensity)).toBeLessThanOrEqual(slack);
      }
    }
  });

  // What does not learn has nothing to be told.
  if (make().observe === undefined) return;
  test(`${name}: observing never throws`, () => {
    const selector = make();
    const candidates = selector.rank(models, context(new Map(), 1));
    const outcome: Outcome = {
      status: 'failed',
      model: 'a model it has never seen',
      pool: '',
      replica: '',
      httpStatus: 0,
      e2eMs: 0,
      queuedMs: 0,
    };
    expect(() => selector.observe!(outcome, { decision: 'unheard of', candidates: [] })).not.toThrow();
    expect(() => selector.observe!({ ...outcome, status: 'answered' }, { decision: 'd', candidates })).not.toThrow();
  });
}

function total(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { propensity }) => sum + propensity, 0);
}
