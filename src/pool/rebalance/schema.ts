import { z } from 'zod';
import { duration, name, share, tokens } from '#contract/schema.js';

const DAY_MS = 86_400_000;

const span = duration.refine(ms => ms >= 1000 && ms <= DAY_MS, { message: 'expected at least 1s and at most 1d' });

/** Two pools of one model whose boundary and replicas follow the lengths of requests. */
const pair = z
  .strictObject({
    short: name.describe('Pool of the short requests. Its `context` is the boundary to begin with.'),
    long: name.describe('Pool of the others. The replicas of both must take its window.'),
    boundaries: z
      .array(tokens.refine(count => count >= 1, { message: 'expected at least 1 token' }))
      .min(1)
      .max(32)
      .optional()
      .describe(
        'Boundaries to choose from, in tokens of prompt and expected answer; doublings from 1024 up to half the long window unless said.',
      ),
    window: span.prefault('10m').describe('Requests of so long are looked at.'),
    every: span.prefault('30s').describe('How often they are looked at.'),
    least_requests: z
      .int()
      .min(20)
      .max(1_000_000)
      .default(200)
      .describe('Requests within the window before anything is changed.'),
    gain: share
      .default(0.2)
      .describe('A change has to promise a 99th percentile of time to first token lower by more than this share.'),
    patience: z
      .int()
      .min(1)
      .max(1000)
      .default(3)
      .describe('Looks in a row that must promise it; twice as many to turn back within the window.'),
    rest: span.prefault('1m').describe('Least time between the starts of two changes.'),
    step: z.int().min(1).max(64).default(1).describe('Most replicas that move at once.'),
    least: z.int().min(1).max(1024).default(1).describe('Replicas that take requests and stay in each pool.'),
    drain: span
      .prefault('5m')
      .describe('A replica whose requests have not ended by then stays where it is, and serves on.'),
  })
  .refine(({ short, long }) => short !== long, { message: 'short and long are the same pool', path: ['long'] });

/** `pool.rebalance`: pairs by name. */
export const rebalanceSchema = z
  .record(name, pair)
  .refine(given => Object.keys(given).length <= 64, { message: 'expected at most 64 pairs' });

export type PairSettings = z.output<typeof pair>;
