import { z } from 'zod';

export const price = z
  .object({ prompt: z.number(), completion: z.number(), cached: z.number() })
  .meta({ id: 'Price', description: 'USD per 1M tokens.' });

export const model = z
  .object({
    name: z.string(),
    context: z.number().describe('Context window, in tokens.'),
    price,
    quality: z.number().optional(),
    description: z.string().optional(),
  })
  .meta({ id: 'Model' });

export const pool = z
  .object({
    name: z.string(),
    model: z.string(),
    contextTokens: z.number(),
    placement: z.string(),
    inFlight: z.number(),
    limit: z.number(),
    available: z.number(),
    queued: z.number(),
    queueLength: z.number(),
    oldestWaitMs: z.number(),
    predictedWaitMs: z.number().optional(),
    holdMs: z.number().optional(),
    tpotMs: z.number().optional(),
    gpus: z.number().describe('GPUs of all its replicas; 0 where nothing is said of them.'),
    usdPerHour: z.number().describe('What those GPUs cost.'),
    watts: z.number().describe('What those of known power draw now, by the power model.'),
    spilling: z.boolean().describe('What fits it goes to pools with a longer window now.'),
    spells: z.number().describe('How often that began since start.'),
    counts: z.object({
      granted: z.number(),
      waited: z.number(),
      saturated: z.number(),
      timedOut: z.number(),
      evicted: z.number(),
      shed: z.number(),
      spilled: z.number().describe('Of those granted, how many a pool with a shorter window would have taken.'),
    }),
  })
  .meta({ id: 'Pool' });

export const replica = z
  .object({
    id: z.string(),
    pool: z.string(),
    model: z.string(),
    url: z.string(),
    health: z.enum(['unknown', 'healthy', 'unhealthy']),
    circuit: z.enum(['closed', 'open', 'half-open']),
    ejectedForMs: z.number(),
    unavailable: z.string().optional().describe('Why it takes no requests; absent when it does.'),
    drained: z.boolean(),
    inFlight: z.number(),
    waiting: z.number().describe('Of those in flight, the ones whose answer has not begun.'),
    limit: z.number(),
    kvShare: z
      .number()
      .optional()
      .describe('Tokens of our requests over those that its KV cache holds; absent where its size is not known.'),
    prefixShare: z
      .number()
      .optional()
      .describe(
        'Share of prompt tokens found in its prefix cache of late; absent until its engine has reported a hit.',
      ),
    inFlightTokens: z.number(),
    ttftMs: z.number().optional(),
    tpotMs: z.number().optional(),
    requests: z.number(),
    failures: z.number(),
    gpu: z.string().optional(),
    gpus: z.number(),
    usdPerHour: z.number().optional(),
    watts: z.number().optional(),
    engineWaiting: z.number().describe('Requests, of whomever, that wait inside its engine: an estimate.'),
    trafficShare: z
      .number()
      .optional()
      .describe('Our share of its traffic, once a line inside the engine has shown it.'),
    prefillTokensPerSecond: z.number().optional(),
    slow: z.boolean().describe('Found to be twice as slow as its pool.'),
    simulated: z.boolean(),
  })
  .meta({ id: 'Replica' });
