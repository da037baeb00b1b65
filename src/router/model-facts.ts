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

/** A model as the configuration has it, as far as the router is concerned. */
export interface ConfiguredModel {
  readonly context: Tokens;
  readonly price: Omit<Price, 'cached'> & { readonly cached?: Price['cached'] | undefined };
  readonly quality?: number | undefined;
  readonly description?: string | undefined;
}

/** What the router knows of each model, by name, in the order of the configuration. */
export function modelFactsOf(models: Readonly<Record<string, ConfiguredModel>>): Map<string, ModelFacts> {
  return new Map(
    Object.entries(models).map(([name, { context, price, quality, description }]) => [
      name,
      {
        name,
        contextTokens: context,
        price: { ...price, cached: price.cached ?? price.prompt },
        ...(quality === undefined ? undefined : { quality }),
        ...(description === undefined ? undefined : { description }),
      },
    ]),
  );
}
