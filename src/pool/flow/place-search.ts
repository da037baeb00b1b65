import type { WeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import type { Lease } from '#pool/lease.js';
import { ThriftyRequest, tooDear } from '#pool/placement/energy-limit.js';
import type { Choice, ReplicaView } from '#pool/placement/placer.js';
import { Replica } from '#pool/topology/replica.js';
import type { ServedModel, Tier } from '#pool/topology/served.js';
import { factsOf } from './facts.js';
import { type GrantHost, grant } from './grant.js';
import { mayUse, whyNowhere } from './refusals.js';

/** Finds places: which tier takes a request, which replica of it, and what to do when all are out. */
export class PlaceSearch {
  constructor(private readonly host: GrantHost) {}

  /**
   * A place for a request, if there is one now: in the tightest tier that fits, has room and does not spill over, else in the tightest
   * that has room. `undefined` means that it would have to wait, an error that waiting would not help.
   */
  place(
    model: ServedModel | undefined,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease | WeirError | undefined {
    if (model === undefined) return whyNowhere(request.model, undefined, request, now);
    const { energy } = request.constraints;
    if (energy !== undefined && request.dear === undefined) {
      const usable = [...this.host.topology.replicas.values()].filter(
        replica =>
          model.pools.some(({ name }) => name === replica.pool) &&
          replica.unavailable === undefined &&
          mayUse(request, replica),
      );
      return this.place(model, new ThriftyRequest(request, tooDear(energy, request, usable)), since, now);
    }
    let someAvailable = false;
    let tightest: Tier | undefined;
    let open: Tier | undefined;
    for (const tier of model.tiers) {
      if (request.promptTokens + request.outputTokens > tier.contextTokens) continue;
      tightest ??= tier;
      // Where there is one tier, there is nothing to spill to and nothing to count.
      const spills = model.tiers.length > 1 && spillsOver(tier);
      for (const replica of tier.replicas) {
        if (replica.unavailable !== undefined || !mayUse(request, replica)) continue;
        someAvailable = true;
        if (!this.hasPlace(replica, request, now)) continue;
        if (!spills) return this.placeBeyond(tightest, tier, request, since, now);
        open ??= tier;
        break;
      }
    }
    if (open !== undefined) return this.placeBeyond(tightest!, open, request, since, now);
    if (someAvailable) return undefined;
    if (this.liftsEjections(model, request, now)) return this.place(model, request, since, now);
    return this.trialOfDead(model, request, since, now) ?? whyNowhere(model.name, model, request, now);
  }

  private placeBeyond(
    tightest: Tier,
    tier: Tier,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease {
    const lease = this.placeIn(tier, request, since, now);
    if (tier !== tightest) this.host.topology.pools.get(lease.placement.pool)!.memory.counts.spilled += 1;
    return lease;
  }

  private placeIn(tier: Tier, request: PlacementRequest, since: Milliseconds, now: Milliseconds): Lease {
    let choice = tier.placer.choose(request, tier.replicas);
    let replica = this.usable(choice, request, now);
    if (choice === undefined || replica === undefined) {
      // The placer saw replicas that this request may not use: it chooses again among those it may.
      const open = tier.replicas.filter(
        candidate =>
          candidate.unavailable === undefined && mayUse(request, candidate) && this.hasPlace(candidate, request, now),
      );
      choice = tier.placer.choose(request, open);
      replica = this.usable(choice, request, now) ?? open[0]!;
      if (choice?.replica !== replica) choice = unscored(replica, open.length);
    }
    return grant(this.host, replica, choice, tier, request, since, now);
  }

  /** Whether a replica has a place that the request's tenant may take. */
  private hasPlace(replica: Replica, request: PlacementRequest, now: Milliseconds): boolean {
    if (replica.inFlight >= replica.limit) return false;
    return this.host.topology.pools.get(replica.pool)?.mustWait(factsOf(request).tenant, now) !== true;
  }

  private usable(choice: Choice | undefined, request: PlacementRequest, now: Milliseconds): Replica | undefined {
    if (choice === undefined) return undefined;
    // Placers are handed live replicas and hand one of them back.
    const { replica } = choice;
    return replica instanceof Replica &&
      replica.unavailable === undefined &&
      mayUse(request, replica) &&
      this.hasPlace(replica, request, now)
      ? replica
      : undefined;
  }

  /**
   * With every replica out, softer verdicts give way. Ejections are lifted, of the tightest tier that has some.
   *
   * @returns whether there is a replica again, which has a place or is worth waiting for.
   */
  private liftsEjections(model: ServedModel, request: PlacementRequest, now: Milliseconds): boolean {
    for (const tier of model.tiers) {
      let lifted = false;
      for (const replica of tier.replicas) {
        if (!mayUse(request, replica) || replica.whyOut(now) !== 'ejected') continue;
        replica.ejection.lift(now);
        lifted = true;
      }
      if (lifted) return true;
    }
    return false;
  }

  /** A replica that probes call dead gets one trial whenever its circuit is half-open, so that recovery depends on no probe. */
  private trialOfDead(
    model: ServedModel,
    request: PlacementRequest,
    since: Milliseconds,
    now: Milliseconds,
  ): Lease | undefined {
    for (const tier of model.tiers) {
      const dead = tier.replicas.find(replica => mayUse(request, replica) && replica.allowsLastResort(now));
      if (dead !== undefined)
        return grant(this.host, dead, unscored(dead, tier.replicas.length), tier, request, since, now);
    }
    return undefined;
  }
}

/** Whether all its pools do. Each is looked at: a mark that is passed unseen is passed all the same. */
function spillsOver({ pools }: Tier): boolean {
  let all = true;
  for (const pool of pools) all = pool.spills() && all;
  return all;
}

function unscored(replica: ReplicaView, considered: number): Choice {
  return { replica, score: 0, expectedPrefixTokens: 0, losers: [], considered };
}
