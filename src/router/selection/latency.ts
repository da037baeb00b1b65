import { z } from 'zod';
import type { Selector } from '#contract/selection.js';
import { formatDuration } from '#contract/units.js';
import { expectedLatency } from './expected.js';
import { fieldOf } from './feasibility.js';
import { rankByScore, rankInOrder, type Scored } from './ranking.js';
import type { SelectorType } from './selector-type.js';
import { switchPrices, switchReason } from './switch-price.js';

const schema = z.strictObject({});

/**
 * The least predicted time to the last token. Models of which nothing is known yet come first, in declared order: only traffic
 * makes them known.
 */
export const latency: SelectorType<z.output<typeof schema>> = {
  type: 'latency',
  summary: 'The fastest predicted: TTFT plus TPOT times the expected answer.',
  schema,
  build: (_options, facts): Selector => ({
    name: 'latency',
    rank(models, context) {
      const { profile } = context.board;
      const { contenders, ruledOut } = fieldOf(models, facts, context);
      const unmeasured: Scored[] = [];
      const measured: Scored[] = [];
      const switches = switchPrices(contenders, profile);
      for (const [i, contender] of contenders.entries()) {
        const { model, quote } = contender;
        const total = expectedLatency(contender, profile);
        if (total === undefined) {
          unmeasured.push({ model, score: 0, reason: 'speed not known yet: tried first' });
          continue;
        }
        const parts = `TTFT ${formatDuration(quote.ttftMs ?? 0)}, TPOT ${formatDuration(quote.tpotMs ?? 0)}`;
        const reason = `predicted ${formatDuration(total)} (${parts})${switchReason(switches[i])}`;
        measured.push({ model, score: -total, reason });
      }
      if (unmeasured.length === 0) return rankByScore(measured, ruledOut, context.random);
      const rest = rankByScore(measured, [], context.random).map(({ model, score, reason }) => ({
        model,
        score,
        reason,
      }));
      return rankInOrder([...unmeasured, ...rest], ruledOut);
    },
  }),
};
