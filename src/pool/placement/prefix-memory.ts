import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import type { ReplicaView } from './placer.js';
import { PrefixIndex, type PrefixIndexOptions, type PrefixMatch } from './prefix-index.js';

export interface PrefixMemoryOptions extends PrefixIndexOptions {
  /** Blocks remembered of a replica beyond what its cache holds, as a multiple of the blocks in flight on it. */
  readonly beyond: number;
  /** Blocks a replica's cache is taken to hold while nobody has said: 32,768 unless said. */
  readonly defaultBlocks?: number;
}

/** The prefix index of a placer, with the cache size of each replica it was shown. */
export class PrefixMemory {
  readonly index: PrefixIndex;
  private readonly capacities = new Map<string, number>();
  private readonly beyond: number;
  private readonly defaultBlocks: number;

  constructor(options: PrefixMemoryOptions) {
    this.index = new PrefixIndex(options);
    this.beyond = options.beyond;
    this.defaultBlocks = options.defaultBlocks ?? 32_768;
  }

  match(hashes: ArrayLike<number>): PrefixMatch {
    return this.index.match(hashes);
  }

  /** Notes how much a chosen replica can hold, for when the request is sent to it. */
  noted({ id, cacheBlocks, inFlightTokens }: ReplicaView, blockTokens: Tokens): void {
    if (!this.capacities.has(id) && this.capacities.size >= MOST_REPLICAS) this.capacities.clear();
    const inFlight = blockTokens > 0 ? inFlightTokens / blockTokens : 0;
    this.capacities.set(id, (cacheBlocks ?? this.defaultBlocks) + this.beyond * inFlight);
  }

  committed({ prefix }: PlacementRequest, replica: string): void {
    this.index.insert(prefix.hashes, replica, this.capacities.get(replica) ?? this.defaultBlocks);
  }

  forget(replica: string): void {
    this.index.forget(replica);
    this.capacities.delete(replica);
  }
}

/** Replicas whose cache size is remembered; they are learned anew at their next choice. */
const MOST_REPLICAS = 4096;
