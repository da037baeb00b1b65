import { z } from 'zod';
import { duration } from '#contract/schema.js';

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'expected the name of an HTTP header, such as x-session-id')
  .transform(header => header.toLowerCase())
  .meta({ title: 'header name' });

/** The `workload:` block: what is expected of requests, and how facts about them are found. */
export const workloadSchema = z.strictObject({
  slo: z
    .strictObject({
      ttft_p99: duration.prefault('500ms').describe('Time to first token that 99 % of requests should stay under.'),
      tpot_p99: duration
        .prefault('50ms')
        .describe('Time per output token after the first that 99 % of requests should stay under.'),
    })
    .prefault({})
    .describe('Service-level objectives.'),
  high_priority: z
    .array(z.string().min(1).max(128))
    .max(1024)
    .prefault([])
    .describe(
      'Teams and users whose requests may say `x-weir-priority: high`; from all others it counts as normal. Anyone may say `low`.',
    ),
  session_headers: z
    .array(headerName)
    .max(16)
    .prefault(['x-session-id', 'x-conversation-id'])
    .describe(
      'Request headers in which callers name their conversation, first match wins; without one, the beginning of the conversation identifies it.',
    ),
  tokens: z
    .strictObject({
      chars_per_token: z
        .number()
        .min(0.5)
        .max(20)
        .default(4)
        .describe('Characters in a token, to estimate prompt lengths until an engine has reported real ones.'),
    })
    .prefault({})
    .describe('Token estimates.'),
});

export type WorkloadConfig = z.output<typeof workloadSchema>;
