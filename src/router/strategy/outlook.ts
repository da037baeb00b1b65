import type { PoolView } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Route } from '#contract/route.js';
import type { Outlook } from '#contract/strategy.js';
import { expectedLatency } from '#router/selection/expected.js';

/**
 * What the eligible candidates could do for a request now, by the quotes of their pools.
 *
 * @param shorter the profile of the request with sentences left out, where that may be done and can be.
 */
export function outlookOf(
  pool: PoolView,
  profile: WorkloadProfile,
  { candidates, constraints }: Pick<Route, 'candidates' | 'constraints'>,
  shorter?: WorkloadProfile,
): Outlook[] {
  const asked = (model: string, as: WorkloadProfile): Outlook => {
    const quote = pool.quote(model, as, constraints);
    const tokens = as.promptTokens(model) + as.outputTokens.p50;
    if (!quote.feasible) return { model, feasible: false, tokens };
    const { ttftMs } = quote;
    const wholeMs = expectedLatency({ model, quote }, as);
    return {
      ...{ model, feasible: true, tokens },
      ...(ttftMs === undefined ? undefined : { ttftMs }),
      ...(wholeMs === undefined ? undefined : { wholeMs }),
    };
  };
  return candidates
    .filter(({ eligible }) => eligible)
    .map(({ model }) => {
      const whole = asked(model, profile);
      const compressed = shorter && asked(model, shorter);
      return compressed?.feasible === true ? { ...whole, compressed } : whole;
    });
}
