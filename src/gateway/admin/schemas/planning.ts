import { z } from 'zod';
import { PRICE_KINDS } from '#pool/engine/catalogue/schema.js';
import { KV_PRECISIONS, WEIGHT_PRECISIONS } from '#pool/engine/precision.js';

const ms = z.number();

const quote = z.object({
  kind: z.enum(PRICE_KINDS),
  usd_per_hour: z.number(),
  provider: z.string(),
  date: z.string(),
  source: z.string(),
});

const tiers = z
  .object({
    ...{
      host: z.object({ gb: z.number(), link: z.number() }),
      disk: z.object({ gb: z.number(), link: z.number() }).nullable(),
    },
    ...{ host_hit_rate: z.number(), disk_hit_rate: z.number() },
    read_ms: ms.describe('What reading from there takes a request, in the mean over all.'),
    stalled: z.number().describe('Share of busy time in which engines waited for that.'),
  })
  .nullable()
  .describe('KV behind the GPUs, in gigabytes beside each and a second; null where there is none.');

const pool = z
  .object({
    ...{ gpu: z.string(), tp: z.number(), replicas: z.number(), gpus: z.number(), context: z.number() },
    boundary: z.number().nullable().describe('Requests of more tokens go to the next pool; null for the last.'),
    ...{ share_of_requests: z.number(), share_of_tokens: z.number(), utilisation: z.number() },
    ...{ p99_ttft_ms: ms, tpot_ms: ms, screened_p99_ttft_ms: ms, usd_per_hour: z.number() },
    price: quote,
    prefix_hit_rate: z
      .number()
      .describe('Share of prompt tokens found in prefix caches of any tier of these replicas.'),
    tiers,
    prefill: z
      .object({
        ...{ gpu: z.string(), tp: z.number(), replicas: z.number(), gpus: z.number(), link: z.number() },
        ...{ usd_per_hour: z.number(), price: quote, tiers },
        prefix_hit_rate: z.number().describe('Share of the tokens of prompts sent there that their caches held.'),
      })
      .nullable()
      .describe('Replicas that compute its prompts; null where it does that itself.'),
    one_fewer: z.object({ holds: z.boolean(), p99_ttft_ms: ms, tpot_ms: ms }).nullable(),
  })
  .meta({ id: 'PlannedPool' });

const fleet = z
  .object({
    pools: z.array(pool),
    ...{ usd_per_hour: z.number(), gpus: z.number(), tokens_per_joule: z.number(), watts: z.number() },
    verified: z.object({
      by: z.literal('twin'),
      ok: z.boolean(),
      p99_ttft_ms: ms,
      p99_ttft_interval_ms: z.array(ms),
      tpot_ms: ms,
      seeds: z.number(),
    }),
  })
  .meta({ id: 'PlannedFleet' });

const pairs = z.array(z.array(z.number()));

export const planReport = z
  .object({
    best: fleet.nullable().describe('Null when no fleet tried holds in the twin.'),
    budget: z
      .object({
        usd_per_hour: z.number(),
        left_usd_per_hour: z.number().describe('What the best fleet leaves of it.'),
        rate: z.number().describe('Requests a second that it carries: the plan is of this rate.'),
        times_trace: z.number().describe('The same over the rate of the requests as they were given.'),
        lasts_s: z.number().describe('How long the requests last at that rate.'),
        more: z
          .object({
            rate: z.number(),
            fleet: fleet.nullable().describe('The cheapest that held, dearer than the budget; null where none did.'),
            this_fleet: z
              .object({
                ...{ holds: z.boolean(), p99_ttft_ms: ms, tpot_ms: ms },
                ...{ refused: z.number(), preempted: z.number() },
              })
              .describe('What the best fleet does there; refusals and preemptions a request.'),
          })
          .nullable()
          .describe('The next rate that was looked at; null where nothing broke as far as was looked.'),
        binds: z.array(z.enum(['ttft', 'tpot', 'kv', 'price', 'search'])).describe('What ends it.'),
        because: z.array(z.string()),
      })
      .nullable()
      .describe('What a budget carries; null where none was given.'),
    why: z.array(z.string()),
    next: z.object({ fleet, usd_per_hour_more: z.number(), share_more: z.number() }).nullable(),
    pareto: z.array(fleet),
    tiers: z
      .array(
        z.object({
          tiers: z.enum(['none', 'host memory', 'host memory and storage']),
          fleet: fleet.nullable().describe('As small as it holds; null where no size that was tried did.'),
        }),
      )
      .nullable()
      .describe(
        'The best fleet of those with all of the memory behind their GPUs, and with less of it; null unless asked for.',
      ),
    sensitivity: z.array(
      z.object({
        change: z.string(),
        kind: z.enum(['rate', 'replica', 'drift']),
        holds: z.boolean(),
        p99_ttft_ms: ms.nullable(),
        tpot_ms: ms.nullable(),
      }),
    ),
    buying: z
      .array(
        z.object({
          ...{ provider: z.string(), usd_per_hour: z.number(), probability: z.number() },
          pools: z.array(
            z.object({
              ...{ gpu: z.string(), tp: z.number(), needed: z.number() },
              machines: z.array(
                z.object({
                  ...{ kind: z.enum(PRICE_KINDS), count: z.number(), usd_per_hour: z.number(), date: z.string() },
                }),
              ),
            }),
          ),
        }),
      )
      .describe('Machines with which the best fleet has its replicas with a given probability.'),
    demand_response: z
      .array(
        z.object({
          ...{ share: z.number(), max_sequences: z.array(z.number()), most_watts: z.number() },
          ...{ watts: z.number().nullable(), holds: z.boolean(), p99_ttft_ms: ms.nullable(), tpot_ms: ms.nullable() },
        }),
      )
      .describe('What becomes of the best fleet when it is to draw a share less.'),
    over_time: z
      .object({
        ...{ window_s: z.number(), ok: z.boolean() },
        windows: z.array(
          z.object({
            ...{ from_s: z.number(), requests: z.number(), rate: z.number(), boundary: z.number(), gamma: z.number() },
            ...{ short: z.number(), long: z.number(), usd_per_hour: z.number(), holds: z.boolean() },
            p99_ttft_ms: ms.nullable(),
          }),
        ),
        usd_per_hour: z.object({
          moving: z.number(),
          screened: z.object({
            ...{ moving: z.number(), one_boundary: z.number(), unhindered: z.number(), fixed: z.number() },
          }),
        }),
        moves: z.object({ kept: z.number(), unhindered: z.number() }),
      })
      .nullable()
      .describe('A fleet whose replicas and boundary follow the load; null unless asked for.'),
    screen: z.object({ trusted: z.boolean(), because: z.array(z.string()) }),
    workload: z.object({
      lengths: pairs.describe('Tokens of prompt and answer, and the share of requests that are no longer.'),
      rate_over_time: pairs.describe('Minutes, and requests a second as planned for.'),
    }),
    ...{ model: z.string(), weights: z.enum(WEIGHT_PRECISIONS), kv_cache: z.enum(KV_PRECISIONS) },
    ...{ rate: z.number(), requests: z.number(), requests_played: z.number(), wall_s: z.number() },
    slo: z.object({ ttft_p99_ms: ms, tpot_ms: ms }),
  })
  .meta({ id: 'PlanReport' });

export const planFiles = z.object({ files: z.array(z.object({ path: z.string(), text: z.string() })) }).meta({
  id: 'PlanFiles',
  description: 'The best fleet as weir.yaml and manifests, as weir plan --emit writes them.',
});

export const reportPage = z.object({ file: z.string(), html: z.string() }).meta({
  id: 'ReportPage',
  description: 'The result as one HTML file, as --html of the commands writes it.',
});

export const traceRead = z
  .object({
    requests: z.number(),
    refusals: z.array(z.object({ reason: z.string(), rows: z.number(), line: z.number() })),
  })
  .meta({ id: 'TraceRead', description: 'How many requests were read, and why rows were left out.' });

const distribution = z.object({ mean: z.number(), p50: z.number(), p90: z.number(), p99: z.number() });

const interval = z.array(z.number()).describe('Low and high.');

export const simulationReport = z
  .looseObject({
    requests: z.object({ arrived: z.number(), completed: z.number(), rejected: z.number(), failed: z.number() }),
    rejections: z.record(z.string(), z.number()),
    failures: z.record(z.string(), z.number()),
    answers: z.looseObject({ said: z.number(), retried: z.number(), counted: z.number() }),
    decisions: z.record(
      z.string(),
      z.object({
        requests: z.number(),
        answered: z.record(z.string(), z.number()),
        judged: z.record(z.string(), z.record(z.string(), z.number())).optional(),
      }),
    ),
    missing_signals: z.array(z.string()),
    ...{ ttft_ms: distribution, tpot_ms: distribution, e2e_ms: distribution },
    ...{ cost_usd: z.number(), joules: z.number(), tokens_per_joule: z.number(), duration_s: z.number() },
    pools: z.record(
      z.string(),
      z.object({
        ...{ replicas: z.number(), most_replicas: z.number(), completed: z.number(), failures: z.number() },
        ...{ availability: z.number(), utilisation: z.number(), prefix_hit_rate: z.number() },
        host_hit_rate: z
          .number()
          .optional()
          .describe('Share of prompt tokens read from the memory of hosts; absent for a pool without.'),
        disk_hit_rate: z.number().optional().describe('The same from storage.'),
        stalled: z.number().optional().describe('Share of busy time in which engines waited for such reads.'),
        cache: z
          .object({
            from: z.enum(['memory', 'simulate.blocks', 'given']),
            device_tokens: z.number(),
            host_tokens: z.number().optional(),
            disk_tokens: z.number().optional(),
            believed_blocks: z.number().optional().describe('What placement takes it for instead: `cache_blocks`.'),
          })
          .describe('What a replica keeps of prefixes, in tokens by tier; `memory`: what GPU, model and tp leave.'),
        ...{ load_max_over_mean: z.number(), preemptions: z.number(), usd_per_hour: z.number() },
      }),
    ),
    ...{ requests_per_s: z.number(), wall_s: z.number() },
    intervals: z
      .object({
        ...{ seeds: z.number(), confidence: z.number() },
        metrics: z.record(
          z.string(),
          z.object({ words: z.string(), unit: z.enum(['ms', 'share']).nullable(), mean: z.number(), interval }),
        ),
      })
      .optional()
      .describe('Metrics over several runs, where there were some; all else is of the first.'),
  })
  .meta({ id: 'SimulationReport' });

export const whatIfReport = z
  .object({
    ...{ seeds: z.array(z.number()), confidence: z.number(), requests: z.number(), wall_s: z.number() },
    changes: z
      .array(
        z.object({
          ...{ of: z.string(), kind: z.enum(['added', 'removed', 'changed']), setting: z.string().nullable() },
          ...{ first: z.string().nullable(), second: z.string().nullable(), text: z.string() },
        }),
      )
      .describe('What the second configuration changes.'),
    metrics: z.record(
      z.string(),
      z.object({
        ...{ label: z.string(), words: z.string(), unit: z.enum(['ms', 'share']).nullable() },
        better: z.enum(['lower', 'higher']),
        ...{ first: z.number(), second: z.number(), first_interval: interval, second_interval: interval },
        ...{ difference: z.number(), interval, relative: z.number().nullable() },
        verdict: z
          .enum(['better', 'worse', 'same', 'not shown'])
          .describe('What the second is; not shown where the interval of the difference holds zero.'),
      }),
    ),
    runs: z.array(z.object({ seed: z.number(), first: simulationReport, second: simulationReport })),
  })
  .meta({ id: 'WhatIfReport' });

export const fleetMoment = z
  .object({
    atMs: ms,
    pools: z.record(
      z.string(),
      z.object({
        ...{ replicas: z.number(), up: z.number(), inFlight: z.number(), queued: z.number() },
        ...{ kvShare: z.number(), watts: z.number() },
      }),
    ),
  })
  .meta({ id: 'FleetMoment', description: 'The fleet at a moment of virtual time.' });

export const progress = z.object({ text: z.string(), share: z.number().optional() });

export const failed = z
  .object({ code: z.string(), message: z.string(), path: z.string().optional(), hint: z.string().optional() })
  .meta({ id: 'JobFailure' });
