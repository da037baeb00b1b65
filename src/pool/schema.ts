import { z } from 'zod';
import { name } from '#contract/schema.js';
import { modelSchema } from './model-schema.js';
import { checkAgreement } from './pool-agreement.js';
import { poolFields } from './pool-fields.js';
import { withPrecisions } from './precision-schema.js';
import { rebalanceSchema } from './rebalance/schema.js';

/** Pools and models that one file may have: what the state kept for them is bounded by. */
const MOST_POOLS = 1024;

const poolEntry = poolFields.superRefine(checkAgreement);

/** The `pool:` block: which models there are, where each runs and within which limits. */
export const poolSchema = z
  .strictObject({
    models: z
      .record(name, modelSchema)
      .refine(given => Object.keys(given).length <= MOST_POOLS, { message: `expected at most ${MOST_POOLS} models` })
      .describe('Models by name: what they cost and how much they take.'),
    pools: z
      .record(name, poolEntry)
      .refine(given => Object.keys(given).length <= MOST_POOLS, { message: `expected at most ${MOST_POOLS} pools` })
      .describe('Pools by name: replicas that serve one model alike.'),
    rebalance: rebalanceSchema
      .optional()
      .describe('Pairs of pools whose boundary and replicas follow the lengths of requests. Off unless said.'),
  })
  .transform(withPrecisions);

export type PoolConfig = z.output<typeof poolSchema>;
export type PoolEntry = z.output<typeof poolEntry>;
