import { z } from 'zod';
import { duration, size } from '#contract/schema.js';
import { telemetrySchema } from '#telemetry/otel/schema.js';

/** Addresses that only this machine can reach. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether a host to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

const listen = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .max(255)
      .default('127.0.0.1')
      .describe('Address to listen on. One that other machines can reach also needs `insecure: true`.'),
    port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 lets the system choose a free one.'),
    insecure: z
      .boolean()
      .default(false)
      .describe('Listen where other machines can connect although callers need no credential.'),
  })
  .superRefine(({ host, insecure }, context) => {
    if (insecure || isLoopback(host)) return;
    context.addIssue({
      code: 'custom',
      path: ['host'],
      message: 'anyone who can reach this address could use every model: Weir asks callers for no credential',
      params: { hint: 'listen on 127.0.0.1, or accept the risk with gateway.listen.insecure: true or --insecure' },
    });
  });

/** The `gateway:` block: the HTTP server and what it remembers. */
export const gatewaySchema = z
  .strictObject({
    listen: listen.prefault({}).describe('Where the gateway listens.'),
    limits: z
      .strictObject({
        body: size.prefault('32MB').describe('Longest request body; longer ones are refused with 413.'),
        requests: z
          .int()
          .min(1)
          .max(1_000_000)
          .default(4096)
          .describe('Requests open at once; more are refused with 503.'),
        answer: size.prefault('64MB').describe('Longest answer of a replica; longer ones are cut with an error.'),
      })
      .prefault({})
      .describe('Bounds on what clients and replicas may send.'),
    record: z
      .strictObject({
        path: z
          .string()
          .min(1)
          .max(4096)
          .default('.weir/record.db')
          .describe('Database file of the decision record, relative to the working directory.'),
        postgres: z
          .string()
          .regex(/^postgres(?:ql)?:\/\//, 'expected a URL such as postgres://user:password@host/database')
          .optional()
          .describe('Postgres to keep the record in instead, for several machines; needs the package `pg`.'),
        keep_for: duration.prefault('7d').describe('Age at which records are deleted.'),
        keep_size: size
          .prefault('1GB')
          .describe('Size of the file at which the oldest entries are deleted; in Postgres only age counts.'),
        prompts: z.boolean().default(false).describe('Keep the text of prompts with their records.'),
      })
      .prefault({})
      .describe('The decision record: why each request went where it went.'),
    workers: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Processes that serve together on one port; each gets its share of the limits.'),
    drain: duration
      .prefault('30s')
      .describe('Time that open requests get to finish at shutdown; a second signal ends them at once.'),
    drain_delay: duration
      .prefault('0s')
      .describe(
        'Time for which requests are still taken at shutdown although `/readyz` says no: as long as load balancers take to notice.',
      ),
    log: z
      .strictObject({
        level: z
          .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
          .default('info')
          .describe('Least severe messages that are logged.'),
        format: z
          .enum(['auto', 'json', 'text'])
          .default('auto')
          .describe('One JSON object a line, or text for people; `auto` is text on a terminal and JSON elsewhere.'),
        requests: z
          .enum(['none', 'failures', 'all'])
          .default('failures')
          .describe('Requests that get a line each: those that Weir or a replica failed, all, or none.'),
      })
      .prefault({})
      .describe('Logs, on standard error.'),
    telemetry: telemetrySchema
      .prefault({})
      .describe('Traces and metrics by OpenTelemetry; off unless a receiver is named.'),
  })
  .superRefine(({ telemetry, record }, context) => {
    if (!telemetry.prompts || record.prompts) return;
    context.addIssue({
      code: 'custom',
      path: ['telemetry', 'prompts'],
      message: 'prompts are not kept, so traces cannot have them',
      params: { hint: 'set gateway.record.prompts: true as well' },
    });
  });

export type GatewayConfig = z.output<typeof gatewaySchema>;
