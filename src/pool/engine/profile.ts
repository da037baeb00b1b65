import { WeirError } from '#contract/errors.js';
import type { Bytes, Milliseconds, Tokens } from '#contract/units.js';
import { findGpu, type Gpu, type PowerCurve } from './hardware.js';
import type { IterationCost } from './iteration-cost.js';
import { attentionFlops, findModel, kvShards, kvWidth, type ModelShape, parametersOf } from './models.js';
import { FULL_BYTES, type KvPrecision, kvBytes, peakFlops, type WeightPrecision, weightBytes } from './precision.js';

/** Everything the engine model needs to know of one replica. Plain data: it can be fitted, stored and sent to a worker. */
export interface EngineProfile {
  readonly model: string;
  readonly gpu: string;
  readonly tensorParallel: number;
  readonly weights: WeightPrecision;
  readonly kvCache: KvPrecision;
  /** Tokens in a KV block. */
  readonly blockTokens: Tokens;
  readonly totalBlocks: number;
  /** Longest prompt plus answer. */
  readonly contextTokens: Tokens;
  /** vLLM's `max_num_seqs`: most sequences running at once. */
  readonly maxSequences: number;
  /** vLLM's `max_num_batched_tokens`: the token budget that all sequences of an iteration share. */
  readonly maxBatchedTokens: Tokens;
  /** vLLM's `long_prefill_token_threshold`: most prompt tokens of one sequence in one iteration. */
  readonly prefillChunk: Tokens;
  /** Bytes of weights on each GPU of the group. */
  readonly weightBytesPerGpu: Bytes;
  /** Bytes of the KV of one token, once, over all GPUs of the group: what a transfer to another replica moves. */
  readonly kvTransferBytesPerToken: Bytes;
  readonly cost: IterationCost;
  /** Of one GPU; the replica has `tensorParallel` of them. */
  readonly power: PowerCurve;
}

/** What a profile is built from; only model and GPU are needed. */
export interface ProfileInput {
  readonly model: string | ModelShape;
  readonly gpu: string | Gpu;
  /** GPUs in the tensor-parallel group: 1 unless said. */
  readonly tp?: number;
  /** Context window; the model's own unless said. */
  readonly contextTokens?: Tokens;
  /** KV blocks; what memory leaves unless said. */
  readonly blocks?: number;
  readonly blockTokens?: Tokens;
  /** 256 unless said. */
  readonly maxSequences?: number;
  /** 2,048 unless said: vLLM's default on most GPUs. */
  readonly maxBatchedTokens?: Tokens;
  /** No limit below the token budget unless said. */
  readonly prefillChunk?: Tokens;
  /** What the weights of the layers are: what the model is published in unless said. */
  readonly weights?: WeightPrecision;
  /** What the KV cache is: 16 bits unless said. */
  readonly kvCache?: KvPrecision;
  /** Share of GPU memory the engine may use: 0.9 unless said, as vLLM. */
  readonly memoryShare?: number;
  /** Fixed time of an iteration beside the kernels of its layers: 1 ms unless said. */
  readonly overheadMs?: Milliseconds;
  readonly mfu?: number;
  readonly bandwidthEfficiency?: number;
}

/** Launch and synchronisation a layer: what is left of Vidur's measured 70B iterations over several TP sizes at 1 token. */
const LAYER_MS = 0.03;
/** Latency of one small all-reduce inside a node. */
const ALL_REDUCE_MS = 0.01;
/** Activations, CUDA context and graphs: what a measured vLLM 0.19 run on a 24 GB GPU left neither to weights nor to KV. */
const OTHER_BYTES = 1.25e9;
/** NCCL's workspace on each GPU of a group. */
const NCCL_BYTES = 411_041_792;

/**
 * Builds the profile of a replica from a model and a GPU, by name or by shape. Only the layers are quantised: the input embedding and the output head
 * keep 16 bits (vLLM's documentation of FP8: all linear modules but `lm_head`; AWQ and GPTQ alike), and so does the arithmetic of attention.
 *
 * @throws WeirError `config.unknown_reference` for an unknown name, `config.range` for numbers that make no engine, among them
 *   weights that do not fit: then the hint names the tensor-parallel size that would do; weights that no kernel on the GPU multiplies.
 */
export function engineProfile(input: ProfileInput): EngineProfile {
  const model = typeof input.model === 'string' ? findModel(input.model) : input.model;
  const gpu = typeof input.gpu === 'string' ? findGpu(input.gpu) : input.gpu;
  const tp = whole('tp', input.tp ?? 1, 1);
  const blockTokens = whole('blockTokens', input.blockTokens ?? 16, 1);
  const contextTokens = whole('contextTokens', input.contextTokens ?? model.contextTokens, 1);
  const maxSequences = whole('maxSequences', input.maxSequences ?? 256, 1);
  const maxBatchedTokens = whole('maxBatchedTokens', input.maxBatchedTokens ?? 2048, maxSequences);
  const weights = input.weights ?? model.weights ?? 'bf16';
  const kvCache = input.kvCache ?? (weights === 'fp16' ? 'fp16' : 'bf16');
  const kvBytesPerToken = (kvWidth(model) * kvBytes(kvCache)) / kvShards(model, tp);
  const parameters = parametersOf(model);
  const layerBytes = weightBytes(weights);
  const layers = parameters.always - parameters.head;
  const ends = parameters.total - layers - parameters.routed;
  const weightBytesPerGpu = ((layers + parameters.routed) * layerBytes + ends * FULL_BYTES) / tp;
  const mfu = positive('mfu', input.mfu ?? gpu.mfu);

  return {
    model: model.name,
    gpu: gpu.name,
    tensorParallel: tp,
    ...{ weights, kvCache },
    blockTokens,
    totalBlocks:
      input.blocks === undefined
        ? blocksThatFit(model, gpu, tp, kvBytesPerToken * blockTokens, weightBytesPerGpu, input.memoryShare ?? 0.9)
        : whole('blocks', input.blocks, 1),
    contextTokens,
    maxSequences,
    maxBatchedTokens,
    prefillChunk: whole('prefillChunk', input.prefillChunk ?? maxBatchedTokens, 1),
    weightBytesPerGpu,
    kvTransferBytesPerToken: kvWidth(model) * kvBytes(kvCache),
    cost: {
      overheadMs: positive('overheadMs', input.overheadMs ?? 1) + LAYER_MS * model.layers,
      exchangeMs: tp === 1 ? 0 : 2 * model.layers * ALL_REDUCE_MS,
      exchangeMsPerToken: ((2 * model.layers * 2 * (tp - 1)) / tp) * ((model.hidden * FULL_BYTES) / gpu.link) * 1000,
      weightBytes: (layers * layerBytes + parameters.head * FULL_BYTES) / tp,
      expertBytes: (parameters.routed * layerBytes) / tp,
      expertShare: model.experts === undefined ? 0 : model.experts.topK / model.experts.experts,
      kvBytesPerToken,
      linearFlopsPerToken: (2 * parameters.activePerToken) / tp,
      headFlopsPerSample: (2 * parameters.head) / tp,
      attentionFlopsPerPair: attentionFlops(model) / tp,
      flops: mfu * peakFlops(gpu, weights),
      flops16: mfu * gpu.flops16,
      bandwidth: positive('bandwidthEfficiency', input.bandwidthEfficiency ?? gpu.bandwidthEfficiency) * gpu.bandwidth,
    },
    power: gpu.power,
  };
}

function blocksThatFit(
  model: ModelShape,
  gpu: Gpu,
  tp: number,
  blockBytes: Bytes,
  weightBytesPerGpu: Bytes,
  memoryShare: number,
): number {
  const usable = gpu.memory * memoryShare - OTHER_BYTES - (tp > 1 ? NCCL_BYTES : 0);
  const blocks = Math.floor((usable - weightBytesPerGpu) / blockBytes);
  if (blocks >= 1) return blocks;
  const gigabytes = (bytes: Bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  const enough = Math.ceil((weightBytesPerGpu * tp * 1.05) / (gpu.memory * memoryShare - OTHER_BYTES - NCCL_BYTES));
  throw new WeirError(
    'config.range',
    `${model.name} needs ${gigabytes(weightBytesPerGpu)} of weights on each ${gpu.name}, which has room for ${gigabytes(usable)}.`,
    { hint: `tp ${2 ** Math.ceil(Math.log2(enough))}` },
  );
}

function whole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new WeirError('config.range', `${name} is ${value}.`, { path: name, hint: `a whole number from ${least}` });
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new WeirError('config.range', `${name} is ${value}.`, { path: name, hint: 'a number above 0' });
}
