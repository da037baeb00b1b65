import { z } from 'zod';
import { oneOf, type Typed } from '#router/one-of.js';
import { cascade } from './cascade-type.js';
import { fallback } from './fallback.js';
import { single } from './single.js';
import type { StrategyType } from './strategy-type.js';

const nothing = z.strictObject({});

/** Every strategy. A new one is a file of its own and a line here. */
export const STRATEGY_TYPES: readonly StrategyType[] = [
  { type: 'single', summary: 'Only the first model.', schema: nothing, build: () => single },
  { type: 'fallback', summary: 'The next model when one fails.', schema: nothing, build: () => fallback },
  cascade,
] as readonly StrategyType[];

const BY_TYPE: ReadonlyMap<string, StrategyType> = new Map(STRATEGY_TYPES.map(type => [type.type, type]));

/** The strategy of this name. */
export function strategyType(type: string): StrategyType | undefined {
  return BY_TYPE.get(type);
}

const bare = z.enum(STRATEGY_TYPES.map(({ type }) => type) as [string, ...string[]]);

/** `strategy: single` or `strategy: { cascade: { ttft: 8s } }`. */
export const strategySchema = z
  .union([
    bare.transform((type): Typed => ({ type, options: strategyType(type)?.schema.parse({}) })),
    oneOf(STRATEGY_TYPES),
  ])
  .prefault('fallback')
  .describe(
    'How the request is answered from the ranking: `single` asks only the first model, `fallback` the next when one fails, `cascade` the next when one fails or its answer does not pass its judges.',
  );
