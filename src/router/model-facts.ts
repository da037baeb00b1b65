import type { Price } from '#contract/pool-view.js';
import type { Tokens } from '#contract/units.js';

/** What the router knows of a model from the configuration alone. What changes from moment to moment comes from `PoolView`. */
export interface ModelFacts {
  readonly name: string;
  /** The longest prompt plus answer that any of its replicas takes. */
  readonly contextTokens: Tokens;
  readonly price: Price;
  /** How good its answers are, 0 to 1, on whatever scale the operator rates all models by. */
  readonly quality?: number;
  readonly description?: string;
}
