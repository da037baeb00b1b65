import { z } from 'zod';
import { duration, share } from '#contract/schema.js';

const DAY_MS = 86_400_000;

/** A span that something can happen in: more than nothing, at most a day. */
export const span = duration.refine(ms => ms >= 1 && ms <= DAY_MS, { message: 'expected at least 1ms and at most 1d' });

export const healthSchema = z.strictObject({
  path: z
    .string()
    .max(1024)
    .regex(/^\/[\x21-\x7e]*$/, 'expected a path that begins with /')
    .default('/health')
    .describe('Path that is asked for.'),
  interval: span.prefault('5s').describe('Time between two probes of a replica.'),
  timeout: span.prefault('2s').describe('Time after which a probe counts as failed.'),
  failures: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .describe('Failed probes in a row that make a healthy replica unhealthy.'),
});

/** What a pool that says nothing of probes gets, where it is probed. */
export const DEFAULT_HEALTH = healthSchema.parse({});

export const circuitSchema = z.strictObject({
  failures: z.int().min(1).max(10_000).default(5).describe('Failed requests in a row that open the circuit.'),
  error_share: share.default(0.5).describe('Share of failed requests in the window that opens the circuit.'),
  least_requests: z
    .int()
    .min(1)
    .max(100_000)
    .default(20)
    .describe('Requests in the window before its share of errors counts.'),
  window: span.prefault('30s').describe('Window over which requests and failures are counted.'),
  open_for: span
    .prefault('10s')
    .describe('How long the circuit stays open at first; doubles each time the trial fails.'),
  open_at_most: span.prefault('2m').describe('Longest time the circuit stays open before the next trial.'),
});

export const ejectionSchema = z.strictObject({
  share: share.default(0.5).describe('Largest share of the pool that may be ejected at once; never the last replica.'),
  factor: z.number().gt(1).max(100).default(3).describe('How many times worse than its peers a replica must be.'),
  least_requests: z
    .int()
    .min(1)
    .max(100_000)
    .default(20)
    .describe('Requests a replica must have answered to be judged.'),
  for: span.prefault('30s').describe('First time out; doubles each time the replica is ejected again.'),
  at_most: span.prefault('5m').describe('Longest time out.'),
});

export const timeoutsSchema = z.strictObject({
  connect: span.prefault('2s').describe('Time to connect to a replica.'),
  first_byte: span.prefault('60s').describe('Time from the request to the first byte of the answer.'),
  stall: span.prefault('30s').describe('Longest silence in the middle of an answer.'),
});

export type HealthSettings = z.output<typeof healthSchema>;
export type CircuitSettings = z.output<typeof circuitSchema>;
export type EjectionSettings = z.output<typeof ejectionSchema>;
