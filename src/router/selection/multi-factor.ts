import { z } from 'zod';
import { duration } from '#contract/schema.js';
import type { Selector } from '#contract/selection.js';
import { formatDuration } from '#contract/units.js';
import { expectedCost, expectedLatency, formatUsd } from './expected.js';
import { type Contender, fieldOf } from './feasibility.js';
import { rankByScore, type Scored } from './ranking.js';
import type { SelectorType } from './selector-type.js';
import { switchPrices, switchReason } from './switch-price.js';

const weight = z.number().min(0).max(1e6);

const schema = z.strictObject({
  cost: weight.default(1).describe('Weight of low expected cost.'),
  latency: weight.default(1).describe('Weight of low predicted latency.'),
  load: weight.default(0).describe('Weight of low load.'),
  quality: weight.default(0).describe('Weight of high quality, as `pool.models.*.quality` rates it.'),
  max_ttft: duration.optional().describe('Models predicted to begin later than this come after all others.'),
  max_tpot: duration.optional().describe('Models predicted to be slower per token than this come after all others.'),
  max_cost: z
    .number()
    .min(0)
    .optional()
    .describe('Models expected to cost more USD per request than this come after all others.'),
});

type MultiFactorOptions = z.output<typeof schema>;

const FACTORS = ['cost', 'latency', 'load', 'quality'] as const;
type Factor = (typeof FACTORS)[number];

/** What a factor counts for when it is unknown: neither the best nor the worst. */
const NEUTRAL = 0.5;

/** A weighted sum of factors, each scaled to 0 … 1 among the models in the running. */
export const multiFactor: SelectorType<MultiFactorOptions> = {
  type: 'multi_factor',
  summary: 'A weighted sum of cost, latency, load and quality, under optional limits.',
  schema,
  check: options =>
    FACTORS.some(factor => options[factor] > 0)
      ? []
      : [{ code: 'config.range', path: [], message: 'all weights are 0' }],
  build: (options, facts): Selector => ({
    name: 'multi_factor',
    rank(models, context) {
      const { profile } = context.board;
      const { contenders, ruledOut } = fieldOf(models, facts, context);
      const switches = switchPrices(contenders, profile);
      const rows = contenders.map((contender, i): Row => {
        const cost = expectedCost(contender, profile);
        const { model, quote } = contender;
        const raw = {
          cost,
          latency: expectedLatency(contender, profile),
          load: quote.load,
          quality: facts.get(model)?.quality,
        };
        return { model, raw, over: overLimit(contender, cost, options), switched: switchReason(switches[i]) };
      });
      const within = rows.filter(({ over }) => over === undefined);
      const beyond = rows.filter(({ over }) => over !== undefined).map(byCost);
      const best = rankByScore(weigh(within, options), [], context.random);
      const rest = rankByScore(beyond, ruledOut, context.random);
      if (best.length === 0) return rest;
      return [...best, ...rest.map(candidate => ({ ...candidate, propensity: 0 }))];
    },
  }),
};

interface Row {
  readonly model: string;
  readonly raw: Readonly<Record<Factor, number | undefined>>;
  /** Which limit it breaks, in words. */
  readonly over: string | undefined;
  /** What it would compute anew that another model has, in words. */
  readonly switched: string;
}

function weigh(rows: readonly Row[], options: MultiFactorOptions): Scored[] {
  const total = FACTORS.reduce((sum, factor) => sum + options[factor], 0);
  const used = FACTORS.filter(factor => options[factor] > 0);
  const goodness = new Map(used.map(factor => [factor, scaled(rows, factor)]));
  return rows.map(({ model, switched }, index) => {
    let score = 0;
    const parts: string[] = [];
    for (const factor of used) {
      const value = goodness.get(factor)?.[index] ?? NEUTRAL;
      score += (options[factor] / total) * value;
      parts.push(`${factor} ${value.toFixed(2)}`);
    }
    return { model, score, reason: parts.join(', ') + switched };
  });
}

/** Min–max scaling to goodness: 1 for the best of the rows, 0 for the worst, neutral where unknown or all alike. */
function scaled(rows: readonly Row[], factor: Factor): readonly number[] {
  const values = rows.map(({ raw }) => raw[factor]);
  const known = values.filter(value => value !== undefined);
  const low = Math.min(...known);
  const range = Math.max(...known) - low;
  return values.map(value => {
    if (value === undefined || !(range > 0)) return NEUTRAL;
    const position = (value - low) / range;
    return factor === 'quality' ? position : 1 - position;
  });
}

function byCost({ model, raw, over, switched }: Row): Scored {
  const cost = raw.cost ?? 0;
  return { model, score: -cost, reason: `${over ?? ''}; by cost: ${formatUsd(cost)}${switched}` };
}

/** Which limit a model breaks. What is not known breaks none. */
function overLimit({ quote }: Contender, cost: number, limits: MultiFactorOptions): string | undefined {
  const { max_ttft, max_tpot, max_cost } = limits;
  if (max_ttft !== undefined && (quote.ttftMs ?? 0) > max_ttft) {
    return `TTFT ${formatDuration(quote.ttftMs ?? 0)} is over ${formatDuration(max_ttft)}`;
  }
  if (max_tpot !== undefined && (quote.tpotMs ?? 0) > max_tpot) {
    return `TPOT ${formatDuration(quote.tpotMs ?? 0)} is over ${formatDuration(max_tpot)}`;
  }
  if (max_cost !== undefined && cost > max_cost) return `cost ${formatUsd(cost)} is over ${formatUsd(max_cost)}`;
  return undefined;
}
