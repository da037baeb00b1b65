import type { PlacementRequest } from '#contract/placement.js';
import type { ReplicaView } from './placer.js';
import { PrefixIndex, type PrefixIndexOptions, type PrefixMatch } from './prefix-index.js';

export interface PrefixMemoryOptions extends PrefixIndexOptions {
  /** Blocks remembered of a replica, as a multiple of what its cache holds. */
  readonly retention: number;
  /** Blocks a replica's cache is taken to hold while nobody has said: 32,768 unless said. */
  readonly defaultBlocks?: number;
}

/** The prefix index of a placer, with the cache size of each replica it was shown. */
export class PrefixMemory {
  readonly index: PrefixIndex;
  private readonly capacities = new Map<string, number>();
  private readonly retention: number;
  private readonly defaultBlocks: number;

  constructor(options: PrefixMemoryOptions) {
    this.index = new PrefixIndex(options);
    this.retention = options.retention;
    this.defaultBlocks = options.defaultBlocks ?? 32_768;
  }

  match(hashes: ArrayLike<number>): PrefixMatch {
    return this.index.match(hashes);
  }

  /** Notes what a chosen replica says of its cache, for when the request is sent to it. */
  noted(replica: ReplicaView): void {
    const blocks = (replica.cacheBlocks ?? this.defaultBlocks) * this.retention;
    if (this.capacities.get(replica.id) === blocks) return;
    if (this.capacities.size >= MOST_REPLICAS) this.capacities.clear();
    this.capacities.set(replica.id, blocks);
  }

  committed(request: PlacementRequest, replica: string): void {
    const capacity = this.capacities.get(replica) ?? this.defaultBlocks * this.retention;
    this.index.insert(request.prefix.hashes, replica, capacity);
  }

  forget(replica: string): void {
    this.index.forget(replica);
    this.capacities.delete(replica);
  }
}

/** Replicas whose cache size is remembered; they are learned anew at their next choice. */
const MOST_REPLICAS = 4096;
