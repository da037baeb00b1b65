import type { PlacementRequest } from '#contract/placement.js';
import type { Price, Quote } from '#contract/pool-view.js';
import type { PromptPrefix, WorkloadProfile } from '#contract/profile.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Joules, Milliseconds, Tokens } from '#contract/units.js';
import { type PrefillPlace, placePrefill } from '#pool/disaggregation/prefill-place.js';
import { mayUse, whyNowhere } from '#pool/flow/refusals.js';
import { expectedJoules } from '#pool/placement/energy-limit.js';
import type { Choice } from '#pool/placement/placer.js';
import type { PoolEntry } from '#pool/schema.js';
import type { Replica } from '#pool/topology/replica.js';
import { modelLoad, type ServedModel, type Tier, type Topology } from '#pool/topology/served.js';
import type { LatencyEstimator } from './latency.js';

/** Energy that a request takes on the hardware of a pool; `undefined` when that is not described. */
export type EnergyEstimate = (
  pool: PoolEntry,
  request: { readonly promptTokens: Tokens; readonly cachedTokens: Tokens; readonly outputTokens: Tokens },
) => Joules | undefined;

const FREE: Price = { prompt: 0, completion: 0, cached: 0 };

/** What a model that is served nowhere, or cannot take the request, is quoted. */
function infeasible(model: string, price: Price, reason: string): Quote {
  return {
    model,
    feasible: false,
    reason,
    ttftMs: undefined,
    tpotMs: undefined,
    prefixHitTokens: 0,
    price,
    joules: undefined,
    load: 1,
  };
}

/**
 * A quote whose dear parts (which replica, how much of the prompt it holds, how fast it would be) are computed when first read:
 * most selectors look at price and feasibility only.
 */
class LiveQuote implements Quote {
  readonly feasible = true;
  readonly model: string;
  readonly price: Price;
  private chosen: Choice | undefined;
  private looked = false;

  constructor(
    private readonly served: ServedModel,
    private readonly tier: Tier,
    private readonly request: PlacementRequest,
    private readonly topology: Topology,
    private readonly energy: EnergyEstimate | undefined,
  ) {
    this.model = served.name;
    this.price = served.price;
  }

  get load(): number {
    return modelLoad(
      this.served,
      this.request.promptTokens + this.request.outputTokens,
      this.request.constraints.pools,
    );
  }

  get prefixHitTokens(): Tokens {
    return Math.min(this.request.promptTokens, this.choice()?.expectedPrefixTokens ?? 0);
  }

  get prefillMsPerToken(): Milliseconds | undefined {
    const replica = this.replica();
    if (replica === undefined) return undefined;
    return this.latencyOf(this.elsewhere(replica)?.chosen?.replica ?? replica)?.prefillMsPerToken;
  }

  get ttftMs(): Milliseconds | undefined {
    const replica = this.replica();
    if (replica === undefined) return undefined;
    const pool = this.topology.pools.get(replica.pool);
    const elsewhere = this.elsewhere(replica);
    const work = replica.pendingPrefillTokens + this.request.promptTokens - this.prefixHitTokens;
    const ttft = elsewhere === undefined ? this.latencyOf(replica)?.ttft(work) : this.remoteTtft(elsewhere);
    if (ttft === undefined) return undefined;
    return replica.inFlight < replica.limit ? ttft : ttft + (pool?.predictedWait() ?? 0);
  }

  get tpotMs(): Milliseconds | undefined {
    const replica = this.replica();
    if (replica === undefined) return undefined;
    return replica.latency.tpotMs ?? this.topology.pools.get(replica.pool)?.memory.latency.tpotMs;
  }

  get joules(): Joules | undefined {
    const entry = this.topology.pools.get(this.replica()?.pool ?? '')?.entry;
    if (entry === undefined) return undefined;
    const { promptTokens, outputTokens } = this.request;
    return this.energy?.(entry, { promptTokens, cachedTokens: this.prefixHitTokens, outputTokens });
  }

  get leastJoules(): Joules | undefined {
    let least: Joules | undefined;
    for (const { replicas, contextTokens } of this.served.tiers) {
      if (this.request.promptTokens + this.request.outputTokens > contextTokens) continue;
      for (const replica of replicas) {
        if (replica.unavailable !== undefined || !mayUse(this.request, replica)) continue;
        const joules = expectedJoules(this.request, replica);
        if (joules !== undefined && (least === undefined || joules < least)) least = joules;
      }
    }
    return least;
  }

  /** Where the prompt would be computed, when that is not where the answer would be. */
  private elsewhere(replica: Replica): PrefillPlace | undefined {
    const from = this.topology.pools.get(replica.pool);
    const fill = this.topology.pools.get(from?.entry.prefill?.pool ?? '');
    if (from === undefined || fill === undefined) return undefined;
    const place = placePrefill(this.request, replica, this.prefixHitTokens, from, fill);
    return place.chosen === undefined ? undefined : place;
  }

  /**
   * Time to the first token of a prompt that another replica computes: as the engine model has it, transfer included; else as fast as that replica
   * was measured to be, and what the transfer takes beside its bytes, which nobody can count there.
   */
  private remoteTtft({ placement, chosen }: PrefillPlace): Milliseconds | undefined {
    if (placement.thereMs !== undefined || chosen === undefined) return placement.thereMs;
    const { replica, choice, request } = chosen;
    const work = replica.pendingPrefillTokens + Math.max(0, request.promptTokens - choice.expectedPrefixTokens);
    const prefill = this.latencyOf(replica)?.ttft(work);
    const latency = this.topology.pools.get(this.replica()?.pool ?? '')?.entry.prefill?.latency ?? 0;
    return prefill === undefined ? undefined : prefill + latency;
  }

  private latencyOf(replica: Replica): LatencyEstimator | undefined {
    return replica.latency.informed ? replica.latency : this.topology.pools.get(replica.pool)?.memory.latency;
  }

  /** Where the request would go; with every replica at its limit, where it would be soonest. */
  private replica(): Replica | undefined {
    const chosen = this.choice()?.replica;
    const replica = chosen === undefined ? undefined : this.topology.replicas.get(chosen.id);
    if (replica !== undefined) return replica;
    let least: Replica | undefined;
    for (const candidate of this.tier.replicas) {
      if (candidate.unavailable !== undefined || !mayUse(this.request, candidate)) continue;
      if (least === undefined || candidate.inFlight / candidate.limit < least.inFlight / least.limit) least = candidate;
    }
    return least;
  }

  private choice(): Choice | undefined {
    if (!this.looked) {
      this.looked = true;
      const { placer, replicas } = this.tier;
      this.chosen = placer.choose(this.request, replicas);
      // A placer that does not look at constraints chooses again among those that are allowed.
      const chosen = this.chosen && this.topology.replicas.get(this.chosen.replica.id);
      if (chosen !== undefined && !mayUse(this.request, chosen)) {
        this.chosen = placer.choose(
          this.request,
          replicas.filter(replica => mayUse(this.request, replica)),
        );
      }
    }
    return this.chosen;
  }
}

const ANYWHERE: PlacementConstraints = Object.freeze({});
const NONE: readonly never[] = Object.freeze([]);

/** The placement that would be asked for if the model were chosen. Session and prefix take work: they are there when looked at. */
class Hypothetical implements PlacementRequest {
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;

  constructor(
    readonly model: string,
    private readonly profile: WorkloadProfile,
    readonly constraints: PlacementConstraints,
  ) {
    this.promptTokens = profile.promptTokens(model);
    this.outputTokens = profile.outputTokens.p75;
  }

  get prefix(): PromptPrefix {
    return this.profile.prefix();
  }

  get session(): string {
    return this.profile.session;
  }

  get exclude(): readonly string[] {
    return NONE;
  }
}

/** Quotes a model for one request, from the state of its pools at this moment. */
export function quote(
  topology: Topology,
  model: string,
  profile: WorkloadProfile,
  constraints: PlacementConstraints | undefined,
  now: Milliseconds,
  energy: EnergyEstimate | undefined,
): Quote {
  const served = topology.models.get(model);
  const request = new Hypothetical(model, profile, constraints ?? ANYWHERE);
  const tier = served === undefined ? undefined : tierFor(served, request, now);
  if (served === undefined || tier === undefined) {
    const error = whyNowhere(model, served, request, now);
    const reason = error.hint === undefined ? error.message : `${error.message}: ${error.hint}`;
    return infeasible(model, served?.price ?? FREE, reason);
  }
  return new LiveQuote(served, tier, request, topology, energy);
}

/** The tightest tier with room, or else the tightest that takes requests at all. */
function tierFor(model: ServedModel, request: PlacementRequest, now: Milliseconds): Tier | undefined {
  const need = request.promptTokens + request.outputTokens;
  let busy: Tier | undefined;
  for (const tier of model.tiers) {
    if (need > tier.contextTokens) continue;
    for (const replica of tier.replicas) {
      if (!mayUse(request, replica) || replica.whyOut(now) !== undefined) continue;
      if (replica.inFlight < replica.limit) return tier;
      busy ??= tier;
    }
  }
  return busy;
}
