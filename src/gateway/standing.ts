import type { Milliseconds } from '#contract/units.js';
import type { ReplicaStatus } from '#pool/lease.js';
import type { PoolStatus } from '#pool/topology/snapshot.js';
import type { Gateway } from './gateway.js';
import type { PoolRecommendation } from './scaling/replica-adviser.js';

/** How a gateway stands now, as plain data. */
export interface Standing {
  readonly uptimeMs: Milliseconds;
  readonly draining: boolean;
  readonly inFlight: number;
  readonly recordsDropped: number;
  readonly pools: readonly PoolStatus[];
  readonly replicas: readonly ReplicaStatus[];
  /** That stand so. */
  readonly processes: number;
  readonly recommendations: readonly PoolRecommendation[];
}

/** How this process stands. */
export function standingOf({ runtime, startedAt, leaving, inFlight, adviser }: Gateway): Standing {
  const { pools, replicas } = runtime.pool.snapshot();
  return {
    uptimeMs: Math.round(runtime.clock.now() - startedAt),
    draining: leaving,
    inFlight,
    recordsDropped: runtime.records.dropped,
    pools,
    replicas,
    processes: 1,
    recommendations: adviser.recommendations,
  };
}

/** How all processes stand that answer on this port. */
export async function standingOfAll(gateway: Gateway): Promise<Standing> {
  const { peers } = gateway.runtime;
  return peers === undefined ? standingOf(gateway) : asOne(await peers.standings());
}

/**
 * Several processes as one gateway: what is counted is summed, of what is measured the mean is taken, and of health and circuit the
 * worse is shown. A replica is unavailable where no process may use it.
 */
export function asOne(standings: readonly Standing[]): Standing {
  const replicas = merged(
    standings.map(standing => standing.replicas),
    ({ id }) => id,
    replicaAsOne,
  );
  const free = replicas.filter(({ unavailable }) => unavailable === undefined);
  return {
    uptimeMs: Math.max(0, ...standings.map(({ uptimeMs }) => uptimeMs)),
    draining: standings.some(({ draining }) => draining),
    inFlight: sum(standings, ({ inFlight }) => inFlight),
    recordsDropped: sum(standings, ({ recordsDropped }) => recordsDropped),
    pools: merged(
      standings.map(standing => standing.pools),
      ({ name }) => name,
      all => ({ ...poolAsOne(all), available: free.filter(({ pool }) => pool === all[0]?.name).length }),
    ),
    replicas,
    processes: sum(standings, ({ processes }) => processes),
    recommendations: merged(
      standings.map(({ recommendations }) => recommendations),
      ({ pool }) => pool,
      mostWanted,
    ),
  };
}

const HEALTH = ['healthy', 'unknown', 'unhealthy'] as const;
const CIRCUIT = ['closed', 'half-open', 'open'] as const;

function replicaAsOne(all: readonly ReplicaStatus[]): ReplicaStatus {
  const first = all[0]!;
  return {
    ...first,
    health: worst(HEALTH, all, ({ health }) => health),
    circuit: worst(CIRCUIT, all, ({ circuit }) => circuit),
    ejectedForMs: Math.max(...all.map(({ ejectedForMs }) => ejectedForMs)),
    unavailable: all.every(({ unavailable }) => unavailable !== undefined) ? first.unavailable : undefined,
    drained: all.every(({ drained }) => drained),
    inFlight: sum(all, ({ inFlight }) => inFlight),
    waiting: sum(all, ({ waiting }) => waiting),
    limit: sum(all, ({ limit }) => limit),
    kvShare: togetherOf(all),
    prefixShare: mean(all.map(({ prefixShare }) => prefixShare)),
    inFlightTokens: sum(all, ({ inFlightTokens }) => inFlightTokens),
    ttftMs: mean(all.map(({ ttftMs }) => ttftMs)),
    tpotMs: mean(all.map(({ tpotMs }) => tpotMs)),
    requests: sum(all, ({ requests }) => requests),
    failures: sum(all, ({ failures }) => failures),
    // Each process takes the others for strangers, so each estimates the whole line.
    engineWaiting: mean(all.map(({ engineWaiting }) => engineWaiting)) ?? 0,
    trafficShare: shareOf(all),
    prefillTokensPerSecond: mean(all.map(({ prefillTokensPerSecond }) => prefillTokensPerSecond)),
    slow: all.some(({ slow }) => slow),
    // Each process knows the power of its own part of the batch: all together draw at least the most of these.
    watts: all.reduce<number | undefined>(
      (most, { watts }) => (most === undefined || (watts ?? 0) > most ? watts : most),
      undefined,
    ),
  };
}

/** Each process knows the load and the lengths of all, and has lowered what it recommends in its own time: as in the metrics, the most counts. */
function mostWanted(all: readonly PoolRecommendation[]): PoolRecommendation {
  const wanted = ({ advice }: PoolRecommendation) => advice?.replicas ?? 0;
  return all.reduce((most, one) => (wanted(one) > wanted(most) ? one : most));
}

function shareOf(all: readonly ReplicaStatus[]): number | undefined {
  const known = all.flatMap(({ trafficShare }) => trafficShare ?? []);
  return known.length === 0 ? undefined : Math.min(1, (sum(known, share => share) * all.length) / known.length);
}

/** Each process has its own requests in the one cache. */
function togetherOf(all: readonly ReplicaStatus[]): number | undefined {
  const known = all.flatMap(({ kvShare }) => kvShare ?? []);
  return known.length === 0
    ? undefined
    : Math.min(
        1,
        sum(known, share => share),
      );
}

function poolAsOne(all: readonly PoolStatus[]): PoolStatus {
  const waits = all.flatMap(({ predictedWaitMs }) => predictedWaitMs ?? []);
  return {
    ...all[0]!,
    inFlight: sum(all, ({ inFlight }) => inFlight),
    limit: sum(all, ({ limit }) => limit),
    queued: sum(all, ({ queued }) => queued),
    queueLength: sum(all, ({ queueLength }) => queueLength),
    oldestWaitMs: Math.max(...all.map(({ oldestWaitMs }) => oldestWaitMs)),
    predictedWaitMs: waits.length === 0 ? undefined : Math.max(...waits),
    holdMs: mean(all.map(({ holdMs }) => holdMs)),
    tpotMs: mean(all.map(({ tpotMs }) => tpotMs)),
    watts: Math.max(...all.map(({ watts }) => watts)),
    spilling: all.some(({ spilling }) => spilling),
    spells: sum(all, ({ spells }) => spells),
    counts: {
      granted: sum(all, ({ counts }) => counts.granted),
      waited: sum(all, ({ counts }) => counts.waited),
      saturated: sum(all, ({ counts }) => counts.saturated),
      timedOut: sum(all, ({ counts }) => counts.timedOut),
      evicted: sum(all, ({ counts }) => counts.evicted),
      shed: sum(all, ({ counts }) => counts.shed),
      spilled: sum(all, ({ counts }) => counts.spilled),
    },
  };
}

/** In the order in which the first process has them; what only others have comes after. */
function merged<T>(
  lists: readonly (readonly T[])[],
  keyOf: (one: T) => string,
  asOneOf: (all: readonly T[]) => T,
): T[] {
  const byKey = new Map<string, T[]>();
  for (const one of lists.flat()) {
    const known = byKey.get(keyOf(one));
    if (known === undefined) byKey.set(keyOf(one), [one]);
    else known.push(one);
  }
  return [...byKey.values()].map(asOneOf);
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.flatMap(value => value ?? []);
  return known.length === 0 ? undefined : sum(known, value => value) / known.length;
}

function worst<T, Name extends string>(order: readonly Name[], all: readonly T[], of: (one: T) => Name): Name {
  return order[Math.max(...all.map(one => order.indexOf(of(one))))]!;
}
