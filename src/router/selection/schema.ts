import { z } from 'zod';
import { oneOf, type Typed } from '#router/one-of.js';
import { SELECTOR_TYPES, selectorType } from './registry.js';

const bare = z.enum(SELECTOR_TYPES.map(({ type }) => type) as [string, ...string[]]);

/** `select: cheapest` or `select: { multi_factor: { cost: 1, latency: 2 } }`. */
export const selectSchema = z
  .union([
    bare.transform((type): Typed => ({ type, options: selectorType(type)?.schema.parse({}) })),
    oneOf(SELECTOR_TYPES),
  ])
  .prefault('static')
  .describe('How to choose among the models: a name, or a name with options.');
