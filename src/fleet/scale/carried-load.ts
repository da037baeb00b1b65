import type { Milliseconds } from '#contract/units.js';

/** Latencies that replicas have to keep to. */
export interface LatencyBounds {
  readonly ttftP99Ms: Milliseconds;
  readonly tpotMs: Milliseconds;
}

/** What replicas carry, where that is known from, and what would give way first. */
export interface CarriedLoad {
  readonly requestsPerSecond: number;
  readonly from: 'engine model' | 'measured rates';
  readonly bound: 'latency' | 'utilisation' | 'prefill' | 'places';
}
