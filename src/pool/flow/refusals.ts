import { WeirError } from '#contract/errors.js';
import type { FlowFacts } from '#contract/flow.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import type { Replica } from '#pool/topology/replica.js';
import type { ServedModel, ServedPool } from '#pool/topology/served.js';
import { retryAfter } from './waiting-time.js';

/** Replicas that an error names one by one. */
const MOST_NAMED = 8;

/** Whether the route, its length and what happened to the request so far let it go to this replica. */
export function mayUse(request: PlacementRequest, replica: Replica): boolean {
  return (
    request.promptTokens + request.outputTokens <= replica.contextTokens &&
    (request.constraints.pools === undefined || request.constraints.pools.includes(replica.pool)) &&
    (request.exclude.length === 0 || !request.exclude.includes(replica.id)) &&
    (request.dear === undefined || !request.dear.includes(replica.id))
  );
}

function allowed(request: PlacementRequest, pool: ServedPool): boolean {
  return request.constraints.pools === undefined || request.constraints.pools.includes(pool.name);
}

/** Why no replica can take a request: the model is served nowhere, no window is long enough, or all that could are out. */
export function whyNowhere(
  name: string,
  model: ServedModel | undefined,
  request: PlacementRequest,
  now: Milliseconds,
): WeirError {
  if (model === undefined || model.pools.length === 0) {
    return new WeirError('pool.no_replica', `no pool serves ${name}`);
  }
  const pools = model.pools.filter(pool => allowed(request, pool));
  if (pools.length === 0) {
    const where = model.pools.map(pool => pool.name).slice(0, MOST_NAMED);
    return new WeirError('pool.no_replica', `no pool that this decision allows serves ${name}`, {
      hint: `${name} is served by ${where.join(', ')}`,
    });
  }
  const need = request.promptTokens + request.outputTokens;
  const fitting = pools.filter(pool => need <= pool.contextTokens);
  if (fitting.length === 0) {
    const longest = pools.reduce((best, pool) => (pool.contextTokens > best.contextTokens ? pool : best));
    return new WeirError(
      'request.context_too_long',
      `about ${request.promptTokens} prompt tokens and ${request.outputTokens} of an answer fit no context window of ${name}`,
      { hint: `the longest is ${longest.contextTokens} tokens, in pool ${longest.name}` },
    );
  }

  const out: string[] = [];
  let soonest = Number.POSITIVE_INFINITY;
  let hidden = 0;
  for (const pool of fitting) {
    for (const replica of pool.replicas) {
      const tried = request.exclude.includes(replica.id);
      const why = tried ? 'already tried' : (replica.whyOut(now) ?? 'at its limit');
      if (out.length < MOST_NAMED) out.push(`${replica.id}: ${why}`);
      else hidden += 1;
      if (tried) continue;
      soonest = Math.min(soonest, replica.backIn(now));
    }
  }
  if (hidden > 0) out.push(`and ${hidden} more`);
  return new WeirError('pool.no_replica', `no replica that serves ${name} takes requests now`, {
    hint: out.join('; '),
    ...(Number.isFinite(soonest) && soonest > 0 ? { retryAfterMs: Math.ceil(soonest) } : {}),
  });
}

/** All replicas are busy and waiting is of no use: the queues are full, or would take too long. */
export function saturated(name: string, pools: readonly ServedPool[], facts: FlowFacts): WeirError {
  let waiting = 0;
  let soonest: Milliseconds | undefined;
  let timeout = 0;
  for (const pool of pools) {
    waiting += pool.queue.length;
    timeout = Math.max(timeout, pool.entry.queue.timeout);
    const wait = pool.predictedWait(facts);
    if (wait !== undefined && (soonest === undefined || wait < soonest)) soonest = wait;
  }
  const where = pools.map(pool => pool.name).slice(0, MOST_NAMED);
  return new WeirError('pool.saturated', `all replicas that serve ${name} are at their limit`, {
    hint: `${waiting} waiting in ${where.join(', ')}; try again later, or raise concurrency or queue of the pool`,
    retryAfterMs: retryAfter(soonest, timeout),
  });
}

/** Turned away because others are more urgent, though there may be places left. */
export function shed(name: string, pools: readonly ServedPool[], facts: FlowFacts): WeirError {
  const { retryAfterMs } = saturated(name, pools, facts);
  return new WeirError(
    'pool.saturated',
    `places on replicas that serve ${name} are kept for requests of higher priority`,
    {
      hint: 'try again later, or without x-weir-priority: low',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}
