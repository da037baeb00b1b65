import { z } from 'zod';
import type { Selector } from '#contract/selection.js';
import { expectedCost, formatUsd } from './expected.js';
import { fieldOf } from './feasibility.js';
import { rankByScore, type Scored } from './ranking.js';
import type { SelectorType } from './selector-type.js';
import { switchPrices, switchReason } from './switch-price.js';

const schema = z.strictObject({});

/** The least expected money among the models that can take the request. */
export const cheapest: SelectorType<z.output<typeof schema>> = {
  type: 'cheapest',
  summary: 'The cheapest that fits, prefix-cache discounts included.',
  schema,
  build: (_options, facts): Selector => ({
    name: 'cheapest',
    rank(models, context) {
      const { contenders, ruledOut } = fieldOf(models, facts, context);
      const { profile } = context.board;
      const switches = switchPrices(contenders, profile);
      const scored = contenders.map((contender, i): Scored => {
        const cost = expectedCost(contender, profile);
        const reason = `expected cost ${formatUsd(cost)}${switchReason(switches[i])}`;
        return { model: contender.model, score: -cost, reason };
      });
      return rankByScore(scored, ruledOut, context.random);
    },
  }),
};
