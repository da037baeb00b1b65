import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStats } from '#pool/engine/engine.js';
import type { BackendFacts } from './backend.js';

/** Bounds in seconds, as vLLM 0.19 has them. */
const TTFT = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const TPOT = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const E2E = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

/** How one sequence fared, in seconds of the clock that its client has too. */
export interface SequenceTimes {
  readonly endToEnd: number;
  /** Mean time of a token after the first. */
  readonly perToken: number | undefined;
  readonly reason: string;
}

/** The engine's metrics under the names that vLLM gives them, so that what scrapes vLLM can scrape this. */
export class EngineMetrics {
  private readonly registry = new Registry();
  private readonly ttft;
  private readonly interToken;
  private readonly perToken;
  private readonly endToEnd;
  private readonly succeeded;

  constructor(
    private readonly modelName: string,
    { blockTokens, totalBlocks, kvCache, simulated }: BackendFacts,
    stats: () => EngineStats,
  ) {
    const base = { registers: [this.registry], labelNames: ['model_name'] };
    const gauge = (name: string, help: string, read: (now: EngineStats) => number) =>
      new Gauge({
        ...{ name, help, ...base },
        collect() {
          this.set({ model_name: modelName }, read(stats()));
        },
      });
    const counter = (name: string, help: string, read: (now: EngineStats) => number) =>
      new Counter({
        ...{ name, help, ...base },
        collect() {
          this.reset();
          this.inc({ model_name: modelName }, read(stats()));
        },
      });
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, buckets, ...base }).labels(modelName);

    gauge('vllm:num_requests_running', 'Sequences in the running batch.', now => now.running);
    gauge('vllm:num_requests_waiting', 'Sequences that wait to be admitted.', now => now.waiting);
    gauge('vllm:kv_cache_usage_perc', 'Share of KV blocks in use, 0 to 1.', now => now.usedBlocks / now.totalBlocks);
    counter('vllm:num_preemptions_total', 'Sequences preempted for want of KV blocks.', now => now.preemptions);
    counter('vllm:prefix_cache_queries_total', 'Prompt tokens looked up in the prefix cache.', now => now.promptTokens);
    counter('vllm:prefix_cache_hits_total', 'Prompt tokens found in the prefix cache.', now => now.cachedTokens);
    counter('vllm:prompt_tokens_total', 'Prompt tokens of admitted sequences.', now => now.promptTokens);
    counter('vllm:generation_tokens_total', 'Tokens generated.', now => now.outputTokens);
    if (simulated)
      counter('weir:simulated_joules_total', 'Energy the simulated GPUs would have drawn.', now => now.joules);

    this.ttft = histogram('vllm:time_to_first_token_seconds', 'Arrival to first token.', TTFT);
    this.interToken = histogram('vllm:inter_token_latency_seconds', 'Between two tokens of a sequence.', TPOT);
    this.perToken = histogram(
      'vllm:request_time_per_output_token_seconds',
      'Mean time of a token after the first.',
      TPOT,
    );
    this.endToEnd = histogram('vllm:e2e_request_latency_seconds', 'Arrival to last token.', E2E);
    this.succeeded = new Counter({
      ...{ name: 'vllm:request_success_total', help: 'Sequences that ended, by reason.' },
      ...{ registers: [this.registry], labelNames: ['model_name', 'finished_reason'] },
    });
    new Gauge({
      ...{ name: 'vllm:cache_config_info', help: 'Configuration of the KV cache.', registers: [this.registry] },
      labelNames: ['model_name', 'block_size', 'num_gpu_blocks', 'enable_prefix_caching', 'cache_dtype'],
    }).set(
      {
        ...{ model_name: modelName, block_size: blockTokens, num_gpu_blocks: totalBlocks },
        ...{ enable_prefix_caching: 'True', cache_dtype: kvCache },
      },
      1,
    );
  }

  firstToken(seconds: number): void {
    this.ttft.observe(seconds);
  }

  laterToken(seconds: number): void {
    this.interToken.observe(seconds);
  }

  ended({ endToEnd, perToken, reason }: SequenceTimes): void {
    this.endToEnd.observe(endToEnd);
    if (perToken !== undefined) this.perToken.observe(perToken);
    this.succeeded.inc({ model_name: this.modelName, finished_reason: reason });
  }

  /** Clients left before `sequences` of their answers had ended. */
  aborted(sequences: number): void {
    this.succeeded.inc({ model_name: this.modelName, finished_reason: 'abort' }, sequences);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
