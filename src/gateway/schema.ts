import { z } from 'zod';
import { duration, postgresUrl, size } from '#contract/schema.js';
import { authSchema, identityHeadersSchema, networkSchema, trustedProxies } from '#identity/schema.js';
import { telemetrySchema } from '#telemetry/otel/schema.js';

/** Addresses that only this machine can reach. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether a host to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

const listen = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .describe('Address to listen on. One that other machines can reach needs `gateway.auth.required`, or `insecure`.'),
  port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 lets the system choose a free one.'),
  insecure: z
    .boolean()
    .default(false)
    .describe('Listen where other machines can connect although callers need no credential.'),
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
        answer: size
          .prefault('64MB')
          .describe(
            'Longest answer of a replica, and of one as it leaves where it is held; longer ones are cut with an error.',
          ),
        held: size
          .prefault('512MB')
          .describe(
            'Most that a process holds of answers which wait until they are whole, all together: those that are not streamed, and those that a guard or a cascade judges as a whole. What is beyond is refused with 503.',
          ),
        unread: duration
          .prefault('2m')
          .describe(
            'Longest time in which a client takes nothing of an answer that waits for it; it is then taken to have left.',
          ),
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
        postgres: postgresUrl
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
    state: z
      .strictObject({
        path: z
          .string()
          .min(1)
          .max(4096)
          .default('.weir/state.db')
          .describe('Database file of what must outlive the process, relative to the working directory.'),
      })
      .prefault({})
      .describe('What Weir remembers of itself: versions of the configuration, traffic of the last days.'),
    admin: z
      .strictObject({
        hosts: z
          .array(
            z
              .string()
              .regex(/^[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?$/, 'expected a host name in lower case, without a port'),
          )
          .max(64)
          .default([])
          .describe('Names under which the dashboard and its API may be reached, beside addresses and localhost.'),
      })
      .prefault({})
      .describe('The dashboard and the admin API.'),
    auth: authSchema.prefault({}).describe('Who may call: keys, tokens, budgets. Off unless `required`.'),
    trusted_proxies: trustedProxies.describe(
      'Networks of the proxies whose `x-forwarded-for` and identity headers are believed. From anyone else they are dropped.',
    ),
    identity_headers: identityHeadersSchema
      .prefault({})
      .describe('Headers in which a trusted proxy says who the caller is.'),
    network: networkSchema
      .prefault({})
      .describe('Which networks Weir may call for URLs that do not stand in this file.'),
    responses: z
      .strictObject({
        path: z
          .string()
          .min(1)
          .max(4096)
          .default('.weir/responses.db')
          .describe(
            'Database file of stored responses, relative to the working directory; `:memory:` keeps none on disk.',
          ),
        postgres: postgresUrl
          .optional()
          .describe('Postgres to keep them in instead, for several machines; needs the package `pg`.'),
        keep_for: duration.prefault('30d').describe('Age at which stored responses are deleted.'),
        keep: z
          .int()
          .min(1)
          .max(10_000_000)
          .default(10_000)
          .describe('Responses kept at most, over all callers; the oldest go first.'),
        keep_size: size.prefault('1GB').describe('Bytes of stored responses at which the oldest are deleted.'),
      })
      .prefault({})
      .describe('What the Responses API remembers: answers that clients go on from with `previous_response_id`.'),
    shared: z
      .strictObject({
        redis: z
          .string()
          .max(2048)
          .regex(/^rediss?:\/\//, 'expected a URL such as redis://:password@host:6379/0')
          .optional()
          .describe(
            'Redis 6 or newer in which several machines share limits, budgets and what they know of replicas; needs the package `ioredis`.',
          ),
        prefix: z
          .string()
          .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, dots, dashes')
          .default('weir')
          .describe('What all its keys in Redis begin with: gateways with the same prefix share.'),
        processes: z
          .int()
          .min(1)
          .max(1024)
          .default(1)
          .describe(
            'Processes of all machines together that one reckons with which cannot hear any other since its start.',
          ),
      })
      .prefault({})
      .describe(
        'How limits, budgets and knowledge of replicas are shared between machines. Processes of one machine share without it.',
      ),
    workers: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'Processes that serve together on one port; limits and budgets of callers are shared, other bounds divided.',
      ),
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
  .superRefine(({ listen: { host, insecure }, auth }, context) => {
    if (insecure || auth.required || isLoopback(host)) return;
    context.addIssue({
      code: 'custom',
      path: ['listen', 'host'],
      message: 'anyone who can reach this address could use every model: callers are asked for no credential',
      params: {
        hint: 'ask for keys with gateway.auth.required: true, listen on 127.0.0.1, or accept the risk with --insecure-no-auth (gateway.listen.insecure: true)',
      },
    });
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
