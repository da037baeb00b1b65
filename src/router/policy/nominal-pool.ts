import type { PoolView, Quote } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { ModelFacts } from '#router/model-facts.js';

/** A pool as the configuration alone describes it: every model idle, at list price, nothing known of its speed. */
export function nominalPool(models: readonly ModelFacts[]): PoolView {
  const byName = new Map(models.map(model => [model.name, model]));
  return {
    quote(model: string, profile: WorkloadProfile): Quote {
      const facts = byName.get(model);
      const feasible = facts !== undefined && profile.promptTokens(model) <= facts.contextTokens;
      return {
        model,
        feasible,
        ...(feasible ? undefined : { reason: facts === undefined ? 'no such model' : 'the prompt is too long' }),
        ttftMs: undefined,
        tpotMs: undefined,
        prefixHitTokens: 0,
        price: facts?.price ?? { prompt: 0, completion: 0, cached: 0 },
        joules: undefined,
        load: 0,
      };
    },
    read: () => undefined,
  };
}
