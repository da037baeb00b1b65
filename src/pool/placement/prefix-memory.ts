import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import { saltedHashes } from './adapter-salt.js';
import { BlockLedger } from './blocks/block-ledger.js';
import { TokenMatch } from './blocks/token-match.js';
import type { ReplicaView } from './placer.js';
import { type PrefixClaim, PrefixClaims } from './prefix-claims.js';
import { PrefixHeat } from './prefix-heat.js';
import { PrefixIndex, type PrefixIndexOptions, type PrefixMatch } from './prefix-index.js';

export interface PrefixMemoryOptions extends PrefixIndexOptions {
  /** Blocks remembered of a replica beyond what its cache holds, as a multiple of the blocks in flight on it. */
  readonly beyond: number;
  /** Blocks a replica's cache is taken to hold while nobody has said, nor can it be computed: 32,768 unless said. */
  readonly defaultBlocks?: number;
  /** Whether requests in flight are counted by what they share. */
  readonly heat?: boolean;
}

/** The prefix index of a placer, with the cache size of each replica it was shown. */
export class PrefixMemory {
  readonly index: PrefixIndex;
  /** Absent unless asked for. */
  readonly heat: PrefixHeat | undefined;
  readonly blocks = new BlockLedger();
  private readonly exact = new TokenMatch(this.blocks);
  private readonly claims: PrefixClaims;
  private readonly holdersAt = (hash: number) => this.index.holdersAt(hash);
  private readonly capacities = new Map<string, number>();
  private readonly adapters = new Set<string>();
  private readonly beyond: number;
  private readonly defaultBlocks: number;

  constructor(options: PrefixMemoryOptions) {
    this.index = new PrefixIndex(options);
    this.claims = new PrefixClaims(this.index);
    this.heat = options.heat === true ? new PrefixHeat() : undefined;
    this.beyond = options.beyond;
    this.defaultBlocks = options.defaultBlocks ?? 32_768;
  }

  /** @param one of the replicas that the request may go to: those of one placer serve the same adapters. */
  match(request: PlacementRequest, one: ReplicaView | undefined): PrefixMatch {
    this.noteAdapter(request.model, one);
    const match = this.index.match(this.hashesOf(request));
    const { tokens } = request;
    return tokens === undefined ? match : this.exact.over(match, request, tokens, this.saltOf(request));
  }

  /** What of a prompt many requests in flight share, of that which somebody holds by its match. */
  heatOf(request: PlacementRequest, { deepest }: PrefixMatch): PrefixHeat | undefined {
    this.heat?.look(this.hashesOf(request), Math.ceil(deepest), this.holdersAt);
    return this.heat;
  }

  /** Whether no replica is known to hold any of a prompt. */
  isCold(request: PlacementRequest): boolean {
    return this.match(request, undefined).deepest === 0;
  }

  /**
   * Notes how much a chosen replica can hold, for when the request is sent to it: as the file says, else as many blocks as the KV memory of its GPUs
   * and the tiers behind it has room for.
   */
  noted({ id, cacheBlocks, kvTokens, lowerTokens = 0, inFlightTokens }: ReplicaView, blockTokens: Tokens): void {
    if (!this.capacities.has(id) && this.capacities.size >= MOST_REPLICAS) this.capacities.clear();
    const inFlight = blockTokens > 0 ? inFlightTokens / blockTokens : 0;
    const room =
      kvTokens === undefined || blockTokens <= 0 ? this.defaultBlocks : (kvTokens + lowerTokens) / blockTokens;
    this.capacities.set(id, (cacheBlocks ?? room) + this.beyond * inFlight);
  }

  begin(request: PlacementRequest, replica: string): PrefixClaim | undefined {
    const claim = this.claims.begin(request, this.hashesOf(request), replica);
    if (claim !== undefined) claim.counted = this.heat?.began(claim.hashes);
    return claim;
  }

  committed(request: PlacementRequest, replica: string, claim?: PrefixClaim): void {
    const capacity = this.capacities.get(replica) ?? this.defaultBlocks;
    this.index.insert(this.hashesOf(request), replica, capacity, claim !== undefined);
    if (claim === undefined || request.tokens === undefined) return;
    claim.computed = this.blocks.sent(replica, request.tokens, this.saltOf(request));
  }

  ended(claim: PrefixClaim, computed: boolean, usage: Usage | undefined): void {
    claim.computed?.();
    if (claim.counted !== undefined) this.heat?.ended(claim.counted);
    claim.counted = undefined;
    this.claims.end(claim, computed, usage);
  }

  forget(replica: string): void {
    this.index.forget(replica);
    this.blocks.forget(replica);
    this.claims.forget(replica);
    this.capacities.delete(replica);
  }

  private hashesOf({ model, prefix }: PlacementRequest): ArrayLike<number> {
    return this.adapters.has(model) ? saltedHashes(prefix, model) : prefix.hashes;
  }

  private saltOf({ model }: PlacementRequest): string {
    return this.adapters.has(model) ? model : '';
  }

  private noteAdapter(model: string, one: ReplicaView | undefined): void {
    if (one?.adapters?.state(model) === undefined || this.adapters.has(model)) return;
    if (this.adapters.size < MOST_ADAPTERS) this.adapters.add(model);
  }
}

/** Adapters told apart in the index. Configurations have at most so many models. */
const MOST_ADAPTERS = 1024;

/** Replicas whose cache size is remembered; they are learned anew at their next choice. */
const MOST_REPLICAS = 4096;
