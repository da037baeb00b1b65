import { describe, expect, test } from 'vitest';
import type { PoolView } from '#contract/pool-view.js';
import { seededRandom } from '#contract/random.js';
import { createRouter } from '#router/router.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { configured, facts, poolOf, profile, request } from './support.js';

const MODELS = ['small', 'middle', 'large'].map(name => facts(name));

/** Routes one request of 100 answer tokens at the 75th percentile by these expectations. */
function route(
  energy: object | undefined,
  joules: Readonly<Record<string, number | undefined>>,
  select = 'static',
  more: { readonly pools?: readonly string[]; readonly quoted?: (pools: readonly string[] | undefined) => void } = {},
) {
  const { pools, quoted } = more;
  const decision = { name: 'all', when: 'otherwise', models: ['large', 'middle', 'small'], select, energy, pools };
  const router = createRouter(configured({ decisions: [decision] }), { clock: new VirtualClock(), models: MODELS });
  const draft = router.draft(request());
  const known = poolOf(
    Object.fromEntries(Object.entries(joules).map(([name, leastJoules]) => [name, { leastJoules }])),
  );
  const pool: PoolView = {
    read: known.read,
    quote(model, asked, constraints) {
      quoted?.(constraints?.pools);
      return known.quote(model, asked);
    },
  };
  const context = { board: router.board(request(), profile({ p50: 50 })), pool, clock: new VirtualClock() };
  for (const stage of router.stages) {
    const result = stage.run({ ...context, random: seededRandom(1), route: draft, sentTexts: () => [] });
    if (result instanceof Promise) throw new Error(`${stage.name} had to be waited for`);
    if (result.kind !== 'continue') return { draft, end: result };
  }
  return { draft, end: undefined };
}
const eligible = (draft: { readonly candidates: readonly { readonly model: string; readonly eligible: boolean }[] }) =>
  draft.candidates.filter(one => one.eligible).map(({ model }) => model);

describe('an energy limit of a decision', () => {
  const JOULES = { small: 50, middle: 200, large: 900 };

  test('rules out the models that are expected to take more, says why, and goes on to placement', () => {
    const { draft } = route({ max_joules: 200 }, JOULES);
    expect(eligible(draft)).toEqual(['middle', 'small']);
    expect(draft.candidates[2]).toMatchObject({ model: 'large', eligible: false, reason: '900 J, beyond 200 J' });
    expect(draft.constraints.energy).toEqual({ maxJoules: 200 });
    expect(eligible(route({ min_tokens_per_joule: 0.5 }, JOULES).draft)).toEqual(['middle', 'small']);
    expect(eligible(route({ min_tokens_per_joule: 0.51 }, JOULES).draft)).toEqual(['small']);
    expect(eligible(route({ max_joules: 1000, min_tokens_per_joule: 1 }, JOULES).draft)).toEqual(['small']);
  });

  test('leaves propensities whole: what is ruled out takes no share', () => {
    const { draft } = route({ max_joules: 200 }, JOULES, 'weighted');
    expect(draft.candidates.map(({ propensity }) => propensity)).toEqual([0.5, 0.5, 0]);
  });

  test('with nothing within it, takes what needs least, or refuses', () => {
    const { draft } = route({ max_joules: 10 }, JOULES);
    expect(eligible(draft)).toEqual(['small']);
    expect(route({ max_joules: 10, otherwise: 'refuse' }, JOULES).end).toMatchObject({
      error: { code: 'route.energy', status: 503 },
    });
  });

  test('takes nothing unknown for thrifty, and lets all pass where nothing at all is known', () => {
    expect(eligible(route({ max_joules: 1000 }, { ...JOULES, large: undefined }).draft)).toEqual(['middle', 'small']);
    expect(eligible(route({ max_joules: 10 }, {}).draft)).toEqual(['large', 'middle', 'small']);
    expect(route({ max_joules: 10, otherwise: 'refuse' }, {}).end).toMatchObject({ error: { code: 'route.energy' } });
  });

  test('is asked of the pools that the decision allows, as selection is', () => {
    const asked: (readonly string[] | undefined)[] = [];
    const quoted = (pools: readonly string[] | undefined) => asked.push(pools);
    route({ max_joules: 200 }, JOULES, 'static', { pools: ['eu'], quoted });
    expect(asked).toEqual(Array.from({ length: 5 }, () => ['eu']));
    asked.length = 0;
    route(undefined, {}, 'static', { quoted });
    expect(asked).toEqual([undefined, undefined, undefined]);
  });

  test('needs one limit', () => {
    const decision = { name: 'a', when: 'otherwise', models: ['small'] };
    expect(() => configured({ decisions: [{ ...decision, energy: {} }] })).toThrow('at least one of');
  });
});
