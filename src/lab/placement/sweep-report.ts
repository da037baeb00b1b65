/** A figure on the trace, and its range over the trace and its bootstrap resamples. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What `weir bench placement --sweep --json` prints; names are a contract. */
export interface SweepReport {
  /** The load, in multiples of the trace's own rate, that the fleet can just keep up with under a policy. */
  readonly saturation: { readonly policy: string; readonly load: number; readonly requests_per_s: number };
  readonly shares: readonly ShareReport[];
  readonly requests: number;
  readonly refused: number;
  readonly replicas: number;
  readonly blocks: number | null;
  readonly block_tokens: number;
  readonly shared_cache_hit_rate: number;
  readonly infinite_hit_rate: number;
  readonly resamples: number;
  readonly seed: number;
  readonly wall_s: number;
}

export interface ShareReport {
  /** Of saturation. */
  readonly share: number;
  readonly load: number;
  readonly requests_per_s: number;
  readonly policies: Readonly<Record<string, SharePolicyReport>>;
  /** The policy with the shortest P99 of time to first token. */
  readonly best: string;
  /** How the default compares with it: on some resample at least as good is within noise. */
  readonly weir: 'best' | 'within noise' | 'worse';
}

export interface SharePolicyReport {
  readonly ttft_p50_ms: Estimate;
  readonly ttft_p99_ms: Estimate;
  readonly tpot_p99_ms: Estimate;
  readonly prefix_hit_rate: Estimate;
  readonly load_max_over_mean: Estimate;
  readonly tokens_per_joule: Estimate;
  /** Its P99 of time to first token over that of the default, resample by resample. */
  readonly ttft_p99_over_weir: Estimate;
}
