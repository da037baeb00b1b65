import { z } from 'zod';
import type { Selector } from '#contract/selection.js';
import { fieldOf } from './feasibility.js';
import { rankInOrder } from './ranking.js';
import type { SelectorType } from './selector-type.js';

const schema = z.strictObject({});

/** The order in which the decision names its models. */
export const staticOrder: SelectorType<z.output<typeof schema>> = {
  type: 'static',
  summary: 'In the order in which the decision names its models.',
  schema,
  build: (_options, facts): Selector => ({
    name: 'static',
    rank(models, context) {
      const { contenders, ruledOut } = fieldOf(models, facts, context);
      const scored = contenders.map(({ model }, index) => ({
        model,
        score: contenders.length - index,
        reason:
          index === 0 && ruledOut.length === 0
            ? 'declared first'
            : `declared ${models.indexOf(model) + 1} of ${models.length}`,
      }));
      return rankInOrder(scored, ruledOut);
    },
  }),
};
