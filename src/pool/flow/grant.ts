import type { PlacementRequest } from '#contract/placement.js';
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

/** Takes a place on a replica, and one for its prompt elsewhere where that pays. @param choice how the replica was chosen. */
export function grant(
  host: GrantHost,
  replica: Replica,
  choice: Choice,
  tier: Tier,
  request: PlacementRequest,
  since: Milliseconds,
  now: Milliseconds,
): Lease {
  const parts = tier.placer.partsOf?.(choice);
  const pool = host.topology.pools.get(replica.pool);
  const fill = host.topology.pools.get(pool?.entry.prefill?.pool ?? '');
  const prefill =
    pool === undefined || fill === undefined
      ? undefined
      : placePrefill(request, replica, choice.expectedPrefixTokens, pool, fill);
  const { prefixTiers: tiers } = choice;
  const keeps = pool?.entry.retention;
  const retention =
    keeps && pool?.memory.retention.directive(request, replica, keeps, pool.memory.holdMs.value ?? 0, now);
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
    queuedMs: now - since,
    ...(prefill === undefined ? undefined : { prefill: prefill.placement }),
    ...(retention === undefined ? undefined : { retention }),
  };
  if (pool !== undefined) pool.memory.counts.granted += 1;
  const first = prefill?.chosen === undefined ? undefined : prefillLease(host, prefill.chosen, fill!, now);
  return new HeldLease(host, replica, tier.placer, request, placement, now, pool?.memory.tenants.holders, first);
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
