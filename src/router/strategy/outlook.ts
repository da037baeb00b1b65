import type { PoolView } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Route } from '#contract/route.js';
import type { Outlook } from '#contract/strategy.js';
import { expectedLatency } from '#router/selection/expected.js';

/** What the eligible candidates could do for a request now, by the quotes of their pools. */
export function outlookOf(
  pool: PoolView,
  profile: WorkloadProfile,
  { candidates, constraints }: Pick<Route, 'candidates' | 'constraints'>,
): Outlook[] {
  return candidates
    .filter(({ eligible }) => eligible)
    .map(({ model }): Outlook => {
      const quote = pool.quote(model, profile, constraints);
      const tokens = profile.promptTokens(model) + profile.outputTokens.p50;
      if (!quote.feasible) return { model, feasible: false, tokens };
      const { ttftMs } = quote;
      const wholeMs = expectedLatency({ model, quote }, profile);
      return {
        ...{ model, feasible: true, tokens },
        ...(ttftMs === undefined ? undefined : { ttftMs }),
        ...(wholeMs === undefined ? undefined : { wholeMs }),
      };
    });
}
