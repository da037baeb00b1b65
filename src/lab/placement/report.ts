import type { Distribution } from '#contract/distribution.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';

/** What `weir bench placement --json` prints; names are a contract. */
export interface PlacementReport {
  readonly policies: Readonly<Record<string, PolicyReport>>;
  /** Hits of one LRU of replicas × blocks, and of a cache that forgets nothing, over all prefix blocks of the trace. */
  readonly shared_cache_hit_rate: number;
  readonly infinite_hit_rate: number;
  readonly requests: number;
  /** Rows of the trace that could not be read. */
  readonly refused: number;
  readonly replicas: number;
  /** Prefix blocks a replica; null when unbounded. */
  readonly blocks: number | null;
  /** Prefix blocks that each replica's host keeps, and what each GPU reads of them; absent without. */
  readonly host_blocks?: number;
  readonly disk_blocks?: number;
  readonly disk_gb_per_s?: number;
  readonly host_gb_per_s?: number;
  readonly block_tokens: number;
  /** Arrivals come this many times as fast as in the trace. */
  readonly load: number;
  /** Whether the load was chosen by the bench, for an offered utilisation of 0.85. */
  readonly load_chosen: boolean;
  /** Share of the fleet's capacity that this load takes, with the hits of the shared cache; null for a trace of no duration. */
  readonly offered_utilisation: number | null;
  readonly requests_per_s: number | null;
  readonly seed: number;
  readonly engine: {
    readonly model: string;
    readonly gpu: string;
    readonly weights: WeightPrecision;
    readonly kv_cache: KvPrecision;
    readonly tensor_parallel: number;
    readonly kv_tokens: number;
    readonly max_batched_tokens: number;
    readonly max_sequences: number;
  };
  readonly wall_s: number;
}

export interface PolicyReport {
  readonly prefix_hit_rate: number;
  /** Of those, hits that were read from the host; absent where there were none. */
  readonly host_hit_rate?: number;
  /** And hits that were read from storage behind it. */
  readonly disk_hit_rate?: number;
  /** Its hits over those of the shared cache; null when that has none. */
  readonly share_of_shared_cache: number | null;
  /** Median over windows of 10 s: time-averaged tokens in flight on the most loaded replica, over the mean of all. */
  readonly load_max_over_mean: number;
  /** The same ratio at the moment of each arrival, median. */
  readonly load_max_over_mean_momentary: number;
  readonly ttft_ms: Distribution;
  readonly tpot_ms: Distribution;
  readonly e2e_ms: Distribution;
  /** Output tokens over the energy of all replicas, idle time included. */
  readonly tokens_per_joule: number;
  readonly joules: number;
  readonly completed: number;
  readonly rejected: number;
  readonly preemptions: number;
  /** Share of time in which engines ran. */
  readonly busy: number;
  /** From the first arrival to the last token, virtual. */
  readonly duration_s: number;
  readonly wall_s: number;
}
