import type { Tokens } from '#contract/units.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { Engine, HostMemory } from '#pool/engine/engine.js';
import { findGpu } from '#pool/engine/hardware.js';
import { findModel } from '#pool/engine/models.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** What each replica of the bench runs. */
export interface BenchEngine {
  readonly model: string;
  readonly gpu: string;
  readonly tp: number;
  /** What the weights are: what the model is published in unless said. */
  readonly weights?: WeightPrecision | undefined;
  /** What the KV cache is: 16 bits unless said. */
  readonly kvCache?: KvPrecision | undefined;
}

/** Llama 70B on a node of eight: one of its replicas has KV for 2,766 blocks of 512 tokens, so the bench's sizes fit it. */
export const DEFAULT_ENGINE: BenchEngine = { model: 'llama-3.1-70b', gpu: 'h100', tp: 8 };

const GIB = 1024 ** 3;

/**
 * The engine of one replica: KV for `blocks` prefix blocks, or for the whole trace at once; a context window that takes the longest
 * request; and the token budget that vLLM's server takes by default (8,192 on GPUs of 70 GiB and more other than A100, else 2,048).
 *
 * @throws WeirError `config.unknown_reference` for an unknown model or GPU; `config.range` for weights that do not fit or that the GPU cannot multiply.
 */
export function benchProfile(
  engine: BenchEngine,
  requests: readonly TraceRequest[],
  blocks: number | undefined,
): EngineProfile {
  const { model, gpu, tp, weights, kvCache } = engine;
  const kvTokens = blocks === undefined ? 0 : blocks * blockTokensOf(requests);
  const { memory, name } = findGpu(gpu);
  let longest: Tokens = findModel(model).contextTokens;
  let all: Tokens = 0;
  for (const { promptTokens, outputTokens, prefix } of requests) {
    const tokens = promptTokens + outputTokens + 1;
    longest = Math.max(longest, tokens);
    all += tokens + KV_BLOCK * (prefix.hashes.length + 2);
  }
  return engineProfile({
    model,
    gpu,
    tp,
    ...{ ...(weights && { weights }), ...(kvCache && { kvCache }) },
    contextTokens: longest,
    blockTokens: KV_BLOCK,
    blocks: Math.ceil((blocks === undefined ? all : kvTokens) / KV_BLOCK),
    maxBatchedTokens: memory >= 70 * GIB && name !== 'a100' ? 8192 : 2048,
  });
}

/** Tokens in a prefix block of the trace; all of its prompts are cut alike. */
export function blockTokensOf(requests: readonly TraceRequest[]): Tokens {
  return requests.find(({ prefix }) => prefix.hashes.length > 0)?.prefix.blockTokens ?? KV_BLOCK;
}

export function benchEngines(profile: EngineProfile, replicas: number, host?: HostMemory): readonly Engine[] {
  return Array.from({ length: replicas }, () =>
    createEngine(profile, { events: 'milestones', maxWaiting: 10_000_000, host }),
  );
}

/** Tokens in a KV block, as vLLM has it. */
const KV_BLOCK: Tokens = 16;
