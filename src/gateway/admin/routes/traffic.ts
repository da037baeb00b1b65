import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { adminStream } from '#gateway/admin/route.js';
import type { TraceRequest } from '#workload/traces/trace.js';

export const trafficRoute = adminStream({
  method: 'GET',
  path: '/api/traffic/live',
  role: 'admin',
  summary:
    'Answered requests as rows of a trace, as they end: arrival, tokens, model, keyed session and block hashes, never text',
  events: {
    row: z.object({
      at: z.number().describe('Wall time of arrival, ms since the Unix epoch.'),
      ...{ prompt_tokens: z.number(), output_tokens: z.number() },
      session: z.string().optional(),
      model: z.string().optional(),
      prefix: z.object({ block_tokens: z.number(), hashes: z.array(z.number()) }),
    }),
    skipped: z
      .object({ count: z.number() })
      .describe('Rows that a slow reader missed, or that came too fast between workers.'),
  },
  handle({ gateway: { tap, runtime } }) {
    if (tap.full) throw new WeirError('gateway.overloaded', 'As many recordings run as may', { retryAfterMs: 60_000 });
    return send => {
      let missed = 0;
      const request = ({ arrivalMs, promptTokens, outputTokens, prefix, ...named }: TraceRequest): void => {
        if (missed > 0 && send('skipped', { count: missed })) missed = 0;
        const row = {
          ...{ at: arrivalMs, prompt_tokens: promptTokens, output_tokens: outputTokens, ...named },
          prefix: { block_tokens: prefix.blockTokens, hashes: prefix.hashes },
        };
        if (!send('row', row)) missed++;
      };
      const skipped = (count: number): void => {
        missed += count;
      };
      return runtime.peers?.tap({ request, skipped }) ?? tap.open(request);
    };
  },
});
