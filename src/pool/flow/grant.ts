import type { Placement, PlacementRequest } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import { type PrefillPlace, placePrefill } from '#pool/disaggregation/prefill-place.js';
import type { Lease } from '#pool/lease.js';
import type { Choice } from '#pool/placement/placer.js';
import { pricedTiers } from '#pool/placement/prefix-tiers.js';
import type { Replica } from '#pool/topology/replica.js';
import type { ServedPool, Tier, Topology } from '#pool/topology/served.js';
import { HeldLease, type LeaseHost } from './held-lease.js';

/** What a place is taken of. */
export interface GrantHost extends LeaseHost {
  readonly topology: Topology;
}

/** A replica with a place for a request, and how it was chosen. */
export interface Found {
  readonly replica: Replica;
  readonly choice: Choice;
  readonly tier: Tier;
}

/** A place as it is told, and where the prompt would be computed. Nothing has been taken. */
export interface Plan {
  readonly placement: Placement;
  readonly prefill: PrefillPlace | undefined;
}

/** What a place that was found comes to, with one for the prompt elsewhere where that pays. To be asked before its placer chooses again. */
export function planAt(
  host: GrantHost,
  { replica, choice, tier }: Found,
  request: PlacementRequest,
  queuedMs: Milliseconds,
): Plan {
  const parts = tier.placer.partsOf?.(choice);
  const pool = host.topology.pools.get(replica.pool);
  const fill = prefillPoolOf(host, pool);
  const prefill =
    pool === undefined || fill === undefined
      ? undefined
      : placePrefill(request, replica, choice.expectedPrefixTokens, pool, fill);
  const { prefixTiers: tiers } = choice;
  const placement = {
    pool: replica.pool,
    replica: replica.id,
    expectedPrefixTokens: choice.expectedPrefixTokens,
    ...(choice.prefixSource === undefined ? undefined : { prefixSource: choice.prefixSource }),
    ...(tiers === undefined
      ? undefined
      : { prefixTiers: pricedTiers(tiers, request.promptTokens, choice.expectedPrefixTokens, replica.hardware) }),
    score: choice.score,
    losers: choice.losers,
    ...(parts === undefined ? undefined : { parts }),
    ...(choice.prefixLeftOut === undefined ? undefined : { prefixLeftOut: choice.prefixLeftOut }),
    considered: choice.considered,
    queuedMs,
    ...(prefill === undefined ? undefined : { prefill: prefill.placement }),
  };
  return { placement, prefill };
}

/** Takes a place that was found, and one for its prompt elsewhere where that pays. */
export function grant(
  host: GrantHost,
  found: Found,
  request: PlacementRequest,
  since: Milliseconds,
  now: Milliseconds,
): Lease {
  const { placement, prefill } = planAt(host, found, request, now - since);
  const { replica, tier } = found;
  const pool = host.topology.pools.get(replica.pool);
  const keeps = pool?.entry.retention;
  const retention =
    keeps && pool?.memory.retention.directive(request, replica, keeps, pool.memory.holdMs.value ?? 0, now);
  const taken = retention === undefined ? placement : { ...placement, retention };
  if (pool !== undefined) pool.memory.counts.granted += 1;
  const chosen = prefill?.chosen;
  const first = chosen === undefined ? undefined : prefillLease(host, chosen, prefillPoolOf(host, pool)!, now);
  return new HeldLease(host, replica, tier.placer, request, taken, now, pool?.memory.tenants.holders, first);
}

function prefillPoolOf(host: GrantHost, pool: ServedPool | undefined): ServedPool | undefined {
  return host.topology.pools.get(pool?.entry.prefill?.pool ?? '');
}

function prefillLease(
  host: GrantHost,
  { replica, choice, request }: NonNullable<PrefillPlace['chosen']>,
  { name, placer, memory }: ServedPool,
  now: Milliseconds,
): Lease {
  const { expectedPrefixTokens, score, losers, considered } = choice;
  const placement = {
    ...{ pool: name, replica: replica.id, expectedPrefixTokens, score, losers, considered, queuedMs: 0 },
  };
  memory.counts.granted += 1;
  return new HeldLease(host, replica, placer, request, placement, now, memory.tenants.holders);
}
