import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { type AdminCall, adminRoute } from '#gateway/admin/route.js';

const split = z.object({ boundary: z.number(), short: z.number(), long: z.number() });
const sides = z.object({ short: z.number(), long: z.number() });

const status = z
  .object({
    pairs: z.array(
      z.object({
        pair: z.string(),
        short: z.string(),
        long: z.string(),
        paused: z.boolean(),
        moved: z.number().describe('Replicas that have moved since start.'),
        boundary: z
          .number()
          .describe('Tokens of prompt and expected answer up to which requests go to the short pool.'),
        replicas: sides,
        available: sides.describe('Replicas that take requests.'),
        requests: z.number().describe('Requests in the window.'),
        idle: z.string().optional().describe('Why nothing is decided now.'),
        p99Ms: z.number().optional().describe('Predicted 99th percentile of time to first token.'),
        shortLoad: z.number().optional(),
        longLoad: z.number().optional(),
        streak: z.number().describe('Looks in a row that promised enough to change something.'),
        needed: z.number(),
      }),
    ),
    changes: z.array(
      z.object({
        id: z.number(),
        pair: z.string(),
        at: z.number(),
        why: z.string(),
        before: split,
        after: split,
        predicted: z.object({ beforeMs: z.number(), afterMs: z.number() }).optional(),
        state: z.enum(['under_way', 'done', 'cancelled']),
      }),
    ),
    moves: z.array(
      z.object({
        id: z.number(),
        pair: z.string(),
        replica: z.string(),
        from: z.string(),
        to: z.string(),
        state: z.enum(['draining', 'moved', 'given_up', 'cancelled']),
        at: z.number(),
        endedAt: z.number().optional(),
        change: z.number(),
      }),
    ),
  })
  .meta({ id: 'Rebalance' });

/** What is not known, or does not count (a pool without a replica has no load), is absent. */
function statusOf({ gateway }: AdminCall): z.input<typeof status> {
  return JSON.parse(JSON.stringify(gateway.runtime.pool.rebalancing.status(), (_, value) => value ?? undefined));
}

const params = z.object({ pair: z.string().describe('As named under `pool.rebalance`.') });

type Call = AdminCall<{ pair: string }>;

const doing = (act: (call: Call) => boolean, what: string) => (call: Call) => {
  const { gateway, params: given, principal } = call;
  if (!act(call)) {
    throw new WeirError('store.not_found', `There is no pair ${JSON.stringify(given.pair.slice(0, 80))}`);
  }
  gateway.runtime.log.info(`a pair of pools was ${what} by hand`, { pair: given.pair, by: principal.name });
  return statusOf(call as AdminCall);
};

const audited = (action: string) => (call: Call) => ({ action, target: { kind: 'pair', id: call.params.pair } });

export const rebalanceRoute = adminRoute({
  method: 'GET',
  path: '/api/rebalance',
  role: 'viewer',
  summary: 'Pairs of pools that follow the lengths of requests: how they stand, and what was changed and why',
  answer: status,
  handle: statusOf,
});

export const pauseRoute = adminRoute({
  method: 'POST',
  path: '/api/rebalance/{pair}/pause',
  role: 'admin',
  summary: 'Has nothing more changed in a pair; a change under way is called off',
  params,
  body: z.object({}),
  answer: status,
  handle: doing(({ gateway, params: { pair } }) => gateway.runtime.pool.rebalancing.pause(pair, true), 'paused'),
  audited: audited('rebalance.pause'),
});

export const resumeRoute = adminRoute({
  method: 'POST',
  path: '/api/rebalance/{pair}/resume',
  role: 'admin',
  summary: 'Lets a paused pair follow the lengths of requests again',
  params,
  body: z.object({}),
  answer: status,
  handle: doing(({ gateway, params: { pair } }) => gateway.runtime.pool.rebalancing.pause(pair, false), 'resumed'),
  audited: audited('rebalance.resume'),
});

export const revertRoute = adminRoute({
  method: 'POST',
  path: '/api/rebalance/{pair}/revert',
  role: 'admin',
  summary: 'Puts boundary and replicas of a pair back as the file has them, and pauses it',
  params,
  body: z.object({}),
  answer: status,
  handle: doing(({ gateway, params: { pair } }) => gateway.runtime.pool.rebalancing.revert(pair), 'put back'),
  audited: audited('rebalance.revert'),
});
