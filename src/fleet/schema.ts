import { z } from 'zod';
import { duration, name, share } from '#contract/schema.js';

const time = duration.refine(ms => ms > 0, { message: 'expected more than no time' });

const failures = z.strictObject({
  mtbf: time.describe('Mean time a replica is up before it fails; times are exponential, replicas independent.'),
  mttr: time.describe('Mean time until it is up again, with an empty cache.'),
});

const autoscale = z
  .strictObject({
    by: z
      .enum(['target', 'reactive', 'last-value', 'forecast'])
      .default('target')
      .describe(
        'What says how many: `target`, a metric that is held at a target as by Kubernetes; or what the gateway recommends with `pool.pools.<name>.scale`, from `workload.slo` and what a replica carries: `forecast` by load and forecast, `reactive` by the load of now alone, `last-value` with the last window in place of the forecast, as a control.',
      ),
    metric: z
      .enum(['requests', 'kv', 'busy'])
      .optional()
      .describe(
        'What is held at the target, the mean over replicas: `requests` on them and waiting, the share of their KV blocks that is held, or the share of time their engines run. `requests` unless said; for `by: target`.',
      ),
    target: z
      .number()
      .gt(0)
      .max(100_000)
      .optional()
      .describe('Value of the metric at which the pool is just large enough; for `by: target`, which needs it.'),
    window: duration
      .refine(ms => ms >= 10_000 && ms <= 3_600_000, { message: 'expected at least 10s and at most 1h' })
      .optional()
      .describe('Windows that the load is forecast in, 5m unless said; for `by: forecast` and `last-value`.'),
    min: z.int().min(1).max(1024).default(1).describe('Fewest replicas.'),
    max: z.int().min(1).max(1024).describe('Most replicas, those that are starting included.'),
    interval: time.prefault('15s').describe('How often the metric is looked at.'),
    start: duration.prefault('2m').describe('Time from the decision to a replica that serves: node, image, weights.'),
    cool_down: duration
      .prefault('5m')
      .describe('Replicas are taken away only down to the most that was wanted within this time.'),
  })
  .refine(({ min, max }) => max >= min, { message: 'max is below min', path: ['max'] })
  .refine(({ metric = 'requests', target = 0 }) => metric === 'requests' || target <= 1, {
    message: 'a share is at most 1',
    path: ['target'],
  })
  .superRefine(({ by, metric, target, window }, context) => {
    const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (by === 'target') {
      if (target === undefined) refuse('target', 'by: target needs one');
    } else {
      if (metric !== undefined) refuse('metric', `says nothing with by: ${by}`);
      if (target !== undefined) refuse('target', `says nothing with by: ${by}`);
    }
    const foresees = by === 'forecast' || by === 'last-value';
    if (window !== undefined && !foresees) refuse('window', `says nothing with by: ${by}`);
  });

const poolPlan = z.strictObject({
  failures: failures.optional().describe('Replicas that fail and are repaired; they never do unless said.'),
  autoscale: autoscale
    .optional()
    .describe('Replicas that come and go with the load; their number is fixed unless said.'),
});

/** The `fleet:` block: what is assumed of the fleet when it is simulated. Serving reads nothing of it. */
export const fleetSchema = z.strictObject({
  pools: z.record(name, poolPlan).prefault({}).describe('By the names of pools.'),
  accepted: z
    .record(name, share)
    .prefault({})
    .describe(
      'By the names of models: the share of their answers that pass the judges of a cascade. Traces that recorded verdicts need none.',
    ),
  compressible: share
    .default(0)
    .describe(
      'Share of prompts of which as much can be left out as `compress` of a cascade asks for: a trace has no text to tell. Drawn for each request.',
    ),
});

export type FleetConfig = z.output<typeof fleetSchema>;
export type FailureSettings = z.output<typeof failures>;
export type AutoscaleSettings = z.output<typeof autoscale>;
