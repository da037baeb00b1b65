import type { Tokens } from '#contract/units.js';

/** What an engine says of itself in its own metrics. */
export interface EngineReport {
  /** Tokens that its KV cache holds. */
  readonly cacheTokens?: Tokens;
  /** When its process started, in seconds of its own clock: only a change means something. */
  readonly startedAt?: number;
  /** Requests that wait in it, of whomever. */
  readonly waiting?: number;
}

const CACHE = /^vllm:cache_config_info\{([^}\n]*)\}/m;
const BLOCKS = /(?:^|,)num_gpu_blocks="(\d{1,9})"/;
const BLOCK_SIZE = /(?:^|,)block_size="(\d{1,6})"/;
const WAITING = /^vllm:num_requests_waiting(?:\{[^}\n]*\})? ([\d.eE+]{1,24})$/m;
const STARTED = /^process_start_time_seconds(?:\{[^}\n]*\})? ([\d.eE+]{1,24})$/m;

/** Reads vLLM's metrics (Prometheus text). Of an engine that says nothing of this, nothing is known. */
export function engineReport(metrics: string): EngineReport {
  const labels = CACHE.exec(metrics)?.[1] ?? '';
  const cacheTokens = Number(BLOCKS.exec(labels)?.[1] ?? 0) * Number(BLOCK_SIZE.exec(labels)?.[1] ?? 0);
  const startedAt = Number(STARTED.exec(metrics)?.[1]);
  const waiting = Number(WAITING.exec(metrics)?.[1]);
  return {
    ...(cacheTokens > 0 ? { cacheTokens } : undefined),
    ...(Number.isFinite(startedAt) ? { startedAt } : undefined),
    ...(Number.isFinite(waiting) ? { waiting } : undefined),
  };
}
