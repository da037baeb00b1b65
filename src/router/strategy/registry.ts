import { z } from 'zod';
import type { Strategy } from '#contract/strategy.js';
import { fallback } from './fallback.js';
import { single } from './single.js';

/** Every strategy. A new one is a file of its own and a line here. */
export const STRATEGIES: readonly Strategy[] = [single, fallback] as readonly Strategy[];

const BY_NAME: ReadonlyMap<string, Strategy> = new Map(STRATEGIES.map(strategy => [strategy.name, strategy]));

/** The strategy of this name. */
export function strategyNamed(name: string): Strategy | undefined {
  return BY_NAME.get(name);
}

export const strategySchema = z
  .enum(STRATEGIES.map(({ name }) => name) as [string, ...string[]])
  .default('fallback')
  .describe(
    'How the request is answered from the ranking: `single` asks only the first model, `fallback` the next when one fails.',
  );
