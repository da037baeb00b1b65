import { describe, expect, test } from 'vitest';
import type { Quote } from '#contract/pool-view.js';
import { seededRandom } from '#contract/random.js';
import type { SelectionContext, Selector } from '#contract/selection.js';
import type { ModelFacts } from '#router/model-facts.js';
import { SELECTOR_TYPES, selectorType } from '#router/selection/registry.js';
import { selectSchema } from '#router/selection/schema.js';
import { selectorContract } from '../../contracts/selector.js';
import { facts, GivenBoard, poolOf, profile } from '../support.js';

const FACTS = [
  facts('small', { quality: 0.5 }),
  facts('middle', { quality: 0.6 }),
  facts('large', { quality: 0.9, contextTokens: 131_072 }),
];
const MODELS = FACTS.map(({ name }) => name);

function make(select: unknown, given: readonly ModelFacts[] = FACTS): Selector {
  const { type, options } = selectSchema.parse(select);
  const found = selectorType(type);
  if (found === undefined) throw new Error(type);
  return found.build(options, new Map(given.map(model => [model.name, model])));
}

function context(quotes: Readonly<Record<string, Partial<Quote>>> = {}, seed = 1, asked = profile()): SelectionContext {
  const board = Object.assign(new GivenBoard({}), { profile: asked });
  return { board, pool: poolOf(quotes), random: seededRandom(seed), decision: 'd' };
}

function order(selector: Selector, quotes: Readonly<Record<string, Partial<Quote>>> = {}, asked = profile()): string[] {
  return selector.rank(MODELS, context(quotes, 1, asked)).map(({ model }) => model);
}

const UNDER_TEST: Readonly<Record<string, unknown>> = {
  static: 'static',
  'weighted, equal': 'weighted',
  'weighted, 7:2:1': { weighted: { small: 7, middle: 2, large: 1 } },
  'weighted, one of them 0': { weighted: { small: 0, middle: 3, large: 1 } },
  cheapest: 'cheapest',
  latency: 'latency',
  multi_factor: 'multi_factor',
  'multi_factor with limits': {
    multi_factor: { cost: 1, load: 2, quality: 1, max_ttft: '500ms', max_tpot: '50ms', max_cost: 0.001 },
  },
};

describe('every selector', () => {
  for (const [name, select] of Object.entries(UNDER_TEST)) {
    selectorContract({
      name,
      models: MODELS,
      make: () => make(select),
      context: (quotes, seed) => context(Object.fromEntries(quotes), seed),
    });
  }

  test('is under the contract, and its bare name is enough', () => {
    const tried = Object.values(UNDER_TEST).map(select => make(select).name);
    for (const { type } of SELECTOR_TYPES) {
      expect(tried).toContain(type);
      expect(make(type).name).toBe(type);
    }
  });

  test('rules out models whose window is too short, by name of the window', () => {
    for (const { type } of SELECTOR_TYPES) {
      const ranked = make(type).rank(MODELS, context({}, 1, profile({ promptTokens: 40_000, p50: 100 })));
      expect(ranked[0]).toMatchObject({ model: 'large', eligible: true, propensity: 1 });
      expect(ranked[1]?.reason).toBe('context of 32768 is too short for about 40100 tokens');
    }
  });

  test('says why the pool cannot', () => {
    const ranked = make('static').rank(MODELS, context({ small: { feasible: false, reason: 'no healthy replica' } }));
    expect(ranked.at(-1)).toMatchObject({
      model: 'small',
      eligible: false,
      reason: 'no healthy replica',
      propensity: 0,
    });
  });
});

describe('static', () => {
  test('keeps the declared order', () => {
    expect(order(make('static'))).toEqual(['small', 'middle', 'large']);
    expect(order(make('static'), { small: { feasible: false } })).toEqual(['middle', 'large', 'small']);
  });
});

describe('weighted', () => {
  test('propensities are exact, over those that can take the request', () => {
    const selector = make({ weighted: { small: 7, middle: 2, large: 1 } });
    const share = (quotes: Record<string, Partial<Quote>>) =>
      Object.fromEntries(selector.rank(MODELS, context(quotes)).map(({ model, propensity }) => [model, propensity]));
    expect(share({})).toEqual({ small: 0.7, middle: 0.2, large: 0.1 });
    expect(share({ small: { feasible: false } })).toEqual({ small: 0, middle: 2 / 3, large: 1 / 3 });
  });

  test('when only models of weight 0 are left, they share evenly', () => {
    const selector = make({ weighted: { small: 0, middle: 0, large: 1 } });
    const ranked = selector.rank(MODELS, context({ large: { feasible: false } }));
    expect(ranked.map(({ propensity }) => propensity)).toEqual([0.5, 0.5, 0]);
  });

  test('weights have to name the models of the decision', () => {
    const problems = (weights: Record<string, number>) => selectorType('weighted')?.check?.(weights, MODELS) ?? [];
    expect(problems({})).toEqual([]);
    expect(problems({ small: 1, middle: 1, large: 0 })).toEqual([]);
    expect(problems({ small: 1, middle: 1, larg: 1 })).toMatchObject([
      { code: 'config.missing', message: 'no weight for large' },
      { code: 'config.unknown_reference', path: ['larg'] },
    ]);
    expect(problems({ small: 0, middle: 0, large: 0 })).toMatchObject([{ code: 'config.range' }]);
  });
});

describe('cheapest', () => {
  const price = (prompt: number, completion: number, cached = prompt) => ({ price: { prompt, completion, cached } });

  test('prompt, expected answer and cached prefix make the cost', () => {
    const asked = profile({ promptTokens: 1000, p50: 100 });
    const quotes = { small: price(1, 10), middle: price(1.5, 1), large: { ...price(5, 1, 0.1), prefixHitTokens: 900 } };
    expect(order(make('cheapest'), quotes, asked)).toEqual(['large', 'middle', 'small']);
    expect(make('cheapest').rank(MODELS, context(quotes, 1, asked))[0]?.reason).toBe('expected cost $0.00069');
  });

  test('a cold model says what leaving the warm one costs, and loses when that outweighs its price', () => {
    const asked = profile({ promptTokens: 10_000, p50: 0 });
    const ranked = (hit: number) => {
      const quotes = { middle: price(1.5, 1), large: { ...price(2, 1, 0.1), prefixHitTokens: hit } };
      return make('cheapest').rank(['middle', 'large'], context(quotes, 1, asked));
    };
    expect(ranked(2000).map(({ model }) => model)).toEqual(['middle', 'large']);
    expect(ranked(8000).map(({ model }) => model)).toEqual(['large', 'middle']);
    expect(ranked(8000)[1]?.reason).toBe('expected cost $0.015; 8000 tokens warm on large are computed anew');
  });

  test('a hit longer than the prompt makes nothing negative', () => {
    const asked = profile({ promptTokens: 10, p50: 0 });
    const [first] = make('cheapest').rank(
      ['small'],
      context({ small: { ...price(1, 1), prefixHitTokens: 5000 } }, 1, asked),
    );
    expect(first?.score).toBeCloseTo(-1e-5, 12);
  });
});

describe('latency', () => {
  const asked = profile({ p50: 100 });

  test('time to the last token decides, not the first', () => {
    const quotes = {
      small: { ttftMs: 50, tpotMs: 30 },
      middle: { ttftMs: 900, tpotMs: 10 },
      large: { ttftMs: 2000, tpotMs: 15 },
    };
    expect(order(make('latency'), quotes, asked)).toEqual(['middle', 'small', 'large']);
    expect(make('latency').rank(MODELS, context(quotes, 1, asked))[0]?.reason).toBe(
      'predicted 1.9s (TTFT 900ms, TPOT 10ms)',
    );
  });

  test('what is not known yet is tried first, in declared order', () => {
    const quotes = { small: { ttftMs: 50, tpotMs: 30 }, middle: {}, large: { ttftMs: 10 } };
    expect(order(make('latency'), quotes, asked)).toEqual(['middle', 'large', 'small']);
  });

  test('says how much of the predicted time is owed to leaving a warm model', () => {
    const quotes = {
      small: { ttftMs: 800, tpotMs: 10, prefillMsPerToken: 0.1 },
      large: { ttftMs: 100, tpotMs: 12, prefixHitTokens: 6000 },
    };
    const long = profile({ promptTokens: 8000, p50: 100 });
    const [first, second] = make('latency').rank(['small', 'large'], context(quotes, 1, long));
    expect(first?.model).toBe('large');
    expect(second?.reason).toBe(
      'predicted 1.8s (TTFT 800ms, TPOT 10ms); 6000 tokens warm on large are computed anew (+$0.003, +600ms)',
    );
  });
});

describe('multi_factor', () => {
  const quotes = {
    small: { ttftMs: 100, tpotMs: 10, load: 0.9, price: { prompt: 0.1, completion: 0.1, cached: 0.1 } },
    middle: { ttftMs: 150, tpotMs: 12, load: 0.5, price: { prompt: 1, completion: 1, cached: 1 } },
    large: { ttftMs: 900, tpotMs: 40, load: 0.1, price: { prompt: 5, completion: 15, cached: 5 } },
  };
  test.each([
    [{ cost: 1, latency: 0 }, 'small'],
    [{ cost: 0, latency: 1 }, 'small'],
    [{ cost: 0, latency: 0, load: 1 }, 'large'],
    [{ cost: 0, latency: 0, quality: 1 }, 'large'],
    [{ cost: 1, latency: 0, quality: 1, load: 0.9 }, 'large'],
    [{ cost: 2, latency: 0, quality: 1, load: 0.9 }, 'middle'],
  ])('%o puts %s first', (weights, model) => {
    expect(order(make({ multi_factor: weights }), quotes)[0]).toBe(model);
  });

  test('scales each factor among the models in the running', () => {
    const ranked = make({ multi_factor: { cost: 0, latency: 0, load: 1, quality: 1 } }).rank(MODELS, context(quotes));
    const scores = Object.fromEntries(ranked.map(({ model, score }) => [model, score]));
    expect(scores.large).toBeCloseTo(1, 9);
    expect(scores.small).toBeCloseTo(0, 9);
    expect(scores.middle).toBeCloseTo((0.5 + 0.25) / 2, 9);
  });

  test('unknown factors are neutral, and all unknown is a tie', () => {
    const bare = [facts('small'), facts('middle'), facts('large')];
    const ranked = make({ multi_factor: { cost: 0, latency: 1, quality: 1 } }, bare).rank(MODELS, context());
    expect(ranked.map(({ score }) => score)).toEqual([0.5, 0.5, 0.5]);
    expect(ranked[0]?.propensity).toBeCloseTo(1 / 3, 9);
  });

  test('models that break a limit come after those that do not, and are still there to fall back on', () => {
    const selector = make({ multi_factor: { cost: 0, latency: 0, quality: 1, max_ttft: '500ms' } });
    const ranked = selector.rank(MODELS, context(quotes));
    expect(ranked.map(({ model, eligible }) => [model, eligible])).toEqual([
      ['middle', true],
      ['small', true],
      ['large', true],
    ]);
    expect(ranked[2]?.reason).toMatch(/^TTFT 900ms is over 500ms; by cost/);
  });

  test('when none keeps the limits, the cheapest is first', () => {
    const ranked = make({ multi_factor: { cost: 0, latency: 0, quality: 1, max_tpot: '1ms' } }).rank(
      MODELS,
      context(quotes),
    );
    expect(ranked.map(({ model, propensity }) => [model, propensity])).toEqual([
      ['small', 1],
      ['middle', 0],
      ['large', 0],
    ]);
  });

  test.each([{}, { max_cost: 0 }])(
    'a conversation stays where it is warm when the switch outweighs the price, with %o',
    limits => {
      const asked = profile({ promptTokens: 10_000, p50: 0 });
      const cheap = {
        ttftMs: 1000,
        tpotMs: 10,
        prefillMsPerToken: 0.1,
        price: { prompt: 1, completion: 1, cached: 0.1 },
      };
      const warm = { ttftMs: 100, tpotMs: 10, prefixHitTokens: 9000, price: { prompt: 2, completion: 2, cached: 0.2 } };
      const ranked = make({ multi_factor: limits }).rank(
        ['small', 'large'],
        context({ small: cheap, large: warm }, 1, asked),
      );
      expect(ranked.map(({ model }) => model)).toEqual(['large', 'small']);
      expect(ranked[1]?.reason).toMatch(/; 9000 tokens warm on large are computed anew \(\+\$0\.0081, \+900ms\)$/);
    },
  );

  test('all weights 0 is a problem', () => {
    const { options } = selectSchema.parse({ multi_factor: { cost: 0, latency: 0 } });
    expect(selectorType('multi_factor')?.check?.(options, MODELS)).toMatchObject([{ code: 'config.range' }]);
  });
});
