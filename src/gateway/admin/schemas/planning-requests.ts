import { z } from 'zod';
import { DEFAULT_TARGET, DEFAULT_UP } from '#fleet/plan/buying.js';
import { DRAWN } from '#fleet/plan/cdf-requests.js';
import { PRICE_KINDS } from '#pool/engine/catalogue/schema.js';
import { KV_PRECISIONS, WEIGHT_PRECISIONS } from '#pool/engine/precision.js';

/** Where the requests of a plan, a simulation or a comparison come from. */
export const traceSource = z
  .discriminatedUnion('from', [
    z.object({
      from: z.literal('generated'),
      kind: z.enum(['azure', 'lmsys', 'agent']),
      requests: z.int().min(2).max(50_000).default(5000),
      rate: z.number().gt(0).max(100_000).describe('Requests a second.'),
    }),
    z.object({
      from: z.literal('traffic'),
      hours: z
        .number()
        .gt(0)
        .max(720)
        .default(24)
        .describe('What this gateway answered in the last so many hours, at most 50,000 requests.'),
    }),
    z.object({
      from: z.literal('cdf'),
      cdf: z
        .array(z.array(z.number()).length(2))
        .min(1)
        .max(100_000)
        .describe(
          'A distribution of total tokens: [tokens, share of requests no longer], both rising, the last share 1.',
        ),
      requests: z.int().min(2).max(50_000).default(DRAWN).describe('How many are drawn.'),
      rate: z.number().gt(0).max(100_000).describe('Requests a second, Poisson.'),
    }),
    z.object({ from: z.literal('text'), text: z.string().min(1).describe('A trace of any known format.') }),
  ])
  .meta({ id: 'TraceSource' });

const asked = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe(
    'What requests ask for, a model or a virtual name; else the model of the trace where it is configured, else the first virtual name.',
  );

const drawnRate = z
  .number()
  .gt(0)
  .max(1e6)
  .optional()
  .describe('Requests a second, Poisson, in place of the times of the trace.');

const rateScale = z
  .number()
  .gt(0)
  .max(1000)
  .default(1)
  .describe('Arrivals come this many times as fast as in the trace; without a rate.');

const catalogue = z
  .string()
  .max(1_000_000)
  .optional()
  .describe('GPUs and models of your own, which go before the built-in ones: YAML or JSON, as docs/planning.md shows.');

const tierSize = (link: number) => ({
  gb: z.number().gt(0).max(1e6).describe('Gigabytes beside each GPU.'),
  link: z.number().gt(0).max(100_000).default(link).describe('Gigabytes a second that a GPU reads from there.'),
  usd_per_gb_month: z.number().min(0).max(1000).default(0),
});

export const planRequest = z.object({
  trace: traceSource,
  model: z.string().min(1).max(128).describe('Of the engine catalogue.'),
  gpus: z.array(z.string().min(1).max(64)).min(1).max(8),
  weights: z
    .enum(WEIGHT_PRECISIONS)
    .optional()
    .describe('What the weights are; what the model is published in unless said.'),
  kv_cache: z.enum(KV_PRECISIONS).optional().describe('What the KV cache is; 16 bits unless said.'),
  slo: z.object({
    ttft_ms: z.number().gt(0).max(1e7).describe('P99 of the time to first token.'),
    tpot_ms: z.number().gt(0).max(1e6).describe('Mean time per output token.'),
  }),
  rate: z.number().gt(0).max(1e6).optional().describe('Requests a second; as in the trace unless said.'),
  budget: z
    .number()
    .gt(0)
    .max(1e6)
    .optional()
    .describe('USD an hour: the largest rate that a fleet for so much carries is sought, from `rate`, and planned.'),
  price: z.enum(PRICE_KINDS).default('on_demand'),
  provider: z.string().min(1).max(64).optional(),
  buying: z
    .object({
      target: z.number().gt(0).lt(1).default(DEFAULT_TARGET).describe('Probability with which enough replicas are up.'),
      up: z.number().gt(0).max(1).default(DEFAULT_UP).describe('Share of time that a machine is up.'),
      spot_up: z.number().gt(0).max(1).optional().describe('The same of spot machines; none are bought unless said.'),
    })
    .prefault({}),
  disaggregate: z
    .object({
      link: z.number().gt(0).max(10_000).default(25).describe('Gigabytes of KV a second into a replica that answers.'),
    })
    .optional()
    .describe('Fleets whose prompts are computed on replicas of their own are tried, too.'),
  host_memory: z
    .object({
      ...tierSize(25),
      disk: z.object(tierSize(3)).optional().describe('Storage that keeps what the memory of hosts gives up.'),
    })
    .optional()
    .describe('Memory of hosts that keeps KV which GPUs give up; what it brings is compared with having less of it.'),
  over_time: z
    .object({
      window_s: z
        .number()
        .min(1)
        .max(31_536_000)
        .describe('Seconds after which replicas and boundary are chosen anew.'),
      compressible: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Share of requests a little over the boundary whose prompts can be compressed to it.'),
    })
    .optional()
    .describe('A fleet in two pools that follows the load is planned, too.'),
  catalogue,
  seed: z.int().min(0).max(4_294_967_295).default(1),
});

export const simulationRequest = z.object({
  trace: traceSource,
  configuration: z
    .string()
    .max(2_000_000)
    .optional()
    .describe('A weir.yaml to be played; the one in force unless said.'),
  ...{ model: asked, rate: drawnRate, rate_scale: rateScale },
  warm_up_s: z
    .number()
    .gt(0)
    .max(31_536_000)
    .optional()
    .describe('Requests of the first so many seconds are played and left out of times.'),
  seeds: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe('Runs, each with other draws of arrivals, failures and placement; metrics then come with intervals.'),
  catalogue,
  seed: z.int().min(0).max(4_294_967_000).default(1),
});

export const whatIfRequest = z.object({
  trace: traceSource,
  first: z.string().max(2_000_000).optional().describe('A weir.yaml as it is; the one in force unless said.'),
  second: z.string().min(1).max(2_000_000).describe('A weir.yaml as it might be.'),
  ...{ model: asked, rate: drawnRate, rate_scale: rateScale },
  seeds: z.int().min(2).max(16).default(5).describe('Arrival patterns, the same for both.'),
  catalogue,
  seed: z.int().min(0).max(4_294_967_000).default(1),
});
