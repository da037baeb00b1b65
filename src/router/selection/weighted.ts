import { z } from 'zod';
import type { Random } from '#contract/random.js';
import type { Candidate } from '#contract/route.js';
import { name } from '#contract/schema.js';
import type { Selector } from '#contract/selection.js';
import { fieldOf } from './feasibility.js';
import type { SelectorType } from './selector-type.js';

const schema = z
  .record(name, z.number().min(0).max(1e6))
  .describe('Share of each model, in any unit: `{ small: 9, large: 1 }`. None named: equal shares.');

/** A random mix in fixed shares: the control that anything cleverer must beat. */
export const weighted: SelectorType<z.output<typeof schema>> = {
  type: 'weighted',
  summary: 'At random, in fixed shares.',
  schema,
  check: (weights, models) => {
    const given = Object.keys(weights);
    if (given.length === 0) return [];
    const missing = models.filter(model => !Object.hasOwn(weights, model));
    const foreign = given.filter(model => !models.includes(model));
    return [
      ...missing.map(model => ({ code: 'config.missing' as const, path: [], message: `no weight for ${model}` })),
      ...foreign.map(model => ({
        code: 'config.unknown_reference' as const,
        path: [model],
        message: `${model} is none of the models of this decision`,
        unknown: { name: model, known: models },
      })),
      ...(given.some(model => (weights[model] ?? 0) > 0)
        ? []
        : [{ code: 'config.range' as const, path: [], message: 'all weights are 0' }]),
    ];
  },
  build: (weights, facts): Selector => {
    const equal = Object.keys(weights).length === 0;
    return {
      name: 'weighted',
      rank(models, context) {
        const { contenders, ruledOut } = fieldOf(models, facts, context);
        const shares = contenders.map(({ model }) => ({ model, weight: equal ? 1 : (weights[model] ?? 0) }));
        return [...draw(shares, context.random), ...ruledOut];
      },
    };
  },
};

interface Share {
  readonly model: string;
  readonly weight: number;
}

/**
 * Draws without replacement in proportion to weight, so the chance of being first is exactly weight / total. Models of weight 0
 * come last, in order; when only such are left to choose from, they share evenly.
 */
function draw(shares: readonly Share[], random: Random): Candidate[] {
  const total = sum(shares);
  const alike = total === 0;
  const left = alike ? shares.map(({ model }) => ({ model, weight: 1 })) : [...shares];
  const all = alike ? left.length : total;
  const drawn: Candidate[] = [];
  while (left.length > 0) {
    const [{ model, weight } = { model: '', weight: 0 }] = left.splice(pick(left, random), 1);
    const propensity = weight / all;
    const reason = `${Number((100 * propensity).toPrecision(3))} % of the mix`;
    drawn.push({ model, score: propensity, propensity, reason, eligible: true });
  }
  return drawn;
}

function pick(left: readonly Share[], random: Random): number {
  const total = sum(left);
  if (total === 0) return 0;
  let at = random.next() * total;
  let lastPositive = 0;
  for (const [index, { weight }] of left.entries()) {
    if (weight === 0) continue;
    if (at < weight) return index;
    at -= weight;
    lastPositive = index;
  }
  // Rounding can leave a remainder past the last weight.
  return lastPositive;
}

function sum(shares: readonly Share[]): number {
  let total = 0;
  for (const { weight } of shares) total += weight;
  return total;
}
