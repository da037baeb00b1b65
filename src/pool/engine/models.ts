import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';

/** How attention keeps its keys and values. */
export type AttentionShape =
  | { readonly kind: 'grouped'; readonly heads: number; readonly kvHeads: number; readonly headDim: number }
  /** DeepSeek's latent attention: one compressed vector a token for all heads, which tensor parallelism cannot split. */
  | {
      readonly kind: 'latent';
      readonly heads: number;
      readonly queryRank: number;
      readonly kvRank: number;
      readonly ropeDim: number;
      readonly headDim: number;
    };

/** Mixture of experts: layers of many small feed-forward blocks, of which a router picks `topK` for each token. */
export interface ExpertShape {
  readonly experts: number;
  readonly topK: number;
  readonly intermediate: number;
  /** Experts that every token uses. */
  readonly shared: number;
  /** Leading layers that are dense instead. */
  readonly denseLayers: number;
}

/** A transformer's dimensions: all that timing needs to know of a model. */
export interface ModelShape {
  readonly name: string;
  /** Its name on the Hugging Face hub, whose `config.json` is the source of the numbers. */
  readonly hub: string;
  readonly layers: number;
  readonly hidden: number;
  /** Width of the dense feed-forward block. */
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Whether input embedding and output head are one matrix. */
  readonly tied: boolean;
  readonly attention: AttentionShape;
  readonly experts?: ExpertShape;
  /** Longest context it was trained or extended for. */
  readonly contextTokens: Tokens;
}

const K = 1024;
const LLAMA = { vocabulary: 128_256, tied: false, contextTokens: 128 * K };
const QWEN = { vocabulary: 151_936, tied: false, contextTokens: 40 * K };
const MISTRAL = { vocabulary: 32_768, tied: false, contextTokens: 32 * K };

function grouped(heads: number, kvHeads: number, headDim = 128): AttentionShape {
  return { kind: 'grouped', heads, kvHeads, headDim };
}

function named(hub: string, shape: Omit<ModelShape, 'name' | 'hub'>): ModelShape {
  return { name: normalised(hub), hub, ...shape };
}

/** Known models, dimensions from each model's `config.json`. */
export const MODELS: readonly ModelShape[] = [
  named('meta-llama/Llama-3.2-1B-Instruct', {
    ...{ ...LLAMA, tied: true },
    ...{ layers: 16, hidden: 2048, intermediate: 8192, attention: grouped(32, 8, 64) },
  }),
  named('meta-llama/Llama-3.2-3B-Instruct', {
    ...{ ...LLAMA, tied: true },
    ...{ layers: 28, hidden: 3072, intermediate: 8192, attention: grouped(24, 8) },
  }),
  named('meta-llama/Llama-3.1-8B-Instruct', {
    ...LLAMA,
    ...{ layers: 32, hidden: 4096, intermediate: 14_336, attention: grouped(32, 8) },
  }),
  named('meta-llama/Llama-3.1-70B-Instruct', {
    ...LLAMA,
    ...{ layers: 80, hidden: 8192, intermediate: 28_672, attention: grouped(64, 8) },
  }),
  named('meta-llama/Llama-3.3-70B-Instruct', {
    ...LLAMA,
    ...{ layers: 80, hidden: 8192, intermediate: 28_672, attention: grouped(64, 8) },
  }),
  named('meta-llama/Llama-3.1-405B-Instruct', {
    ...LLAMA,
    ...{ layers: 126, hidden: 16_384, intermediate: 53_248, attention: grouped(128, 8) },
  }),
  named('mistralai/Mistral-7B-Instruct-v0.3', {
    ...MISTRAL,
    ...{ layers: 32, hidden: 4096, intermediate: 14_336, attention: grouped(32, 8) },
  }),
  named('mistralai/Mixtral-8x7B-Instruct-v0.1', {
    ...{ ...MISTRAL, vocabulary: 32_000 },
    ...{ layers: 32, hidden: 4096, intermediate: 0, attention: grouped(32, 8) },
    experts: { experts: 8, topK: 2, intermediate: 14_336, shared: 0, denseLayers: 0 },
  }),
  named('Qwen/Qwen3-0.6B', {
    ...{ ...QWEN, tied: true },
    ...{ layers: 28, hidden: 1024, intermediate: 3072, attention: grouped(16, 8) },
  }),
  named('Qwen/Qwen3-1.7B', {
    ...{ ...QWEN, tied: true },
    ...{ layers: 28, hidden: 2048, intermediate: 6144, attention: grouped(16, 8) },
  }),
  named('Qwen/Qwen3-4B', {
    ...{ ...QWEN, tied: true },
    ...{ layers: 36, hidden: 2560, intermediate: 9728, attention: grouped(32, 8) },
  }),
  named('Qwen/Qwen3-8B', {
    ...QWEN,
    ...{ layers: 36, hidden: 4096, intermediate: 12_288, attention: grouped(32, 8) },
  }),
  named('Qwen/Qwen3-14B', {
    ...QWEN,
    ...{ layers: 40, hidden: 5120, intermediate: 17_408, attention: grouped(40, 8) },
  }),
  named('Qwen/Qwen3-32B', {
    ...QWEN,
    ...{ layers: 64, hidden: 5120, intermediate: 25_600, attention: grouped(64, 8) },
  }),
  named('Qwen/Qwen3-30B-A3B', {
    ...QWEN,
    ...{ layers: 48, hidden: 2048, intermediate: 0, attention: grouped(32, 4) },
    experts: { experts: 128, topK: 8, intermediate: 768, shared: 0, denseLayers: 0 },
  }),
  named('Qwen/Qwen3-235B-A22B', {
    ...QWEN,
    ...{ layers: 94, hidden: 4096, intermediate: 0, attention: grouped(64, 4) },
    experts: { experts: 128, topK: 8, intermediate: 1536, shared: 0, denseLayers: 0 },
  }),
  named('deepseek-ai/DeepSeek-V3', {
    ...{ vocabulary: 129_280, tied: false, contextTokens: 160 * K },
    ...{ layers: 61, hidden: 7168, intermediate: 18_432 },
    attention: { kind: 'latent', heads: 128, queryRank: 1536, kvRank: 512, ropeDim: 64, headDim: 128 },
    experts: { experts: 256, topK: 8, intermediate: 2048, shared: 1, denseLayers: 3 },
  }),
];

/**
 * The model of a name: its short name or its name on the hub, with or without the owner and `-Instruct`; case makes no difference.
 *
 * @throws WeirError `config.unknown_reference`, naming the known ones.
 */
export function findModel(name: string): ModelShape {
  const key = normalised(name);
  const found = MODELS.find(one => one.name === key);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No model is called "${name}".`, {
    hint: `one of ${MODELS.map(one => one.name).join(', ')}`,
  });
}

function normalised(name: string): string {
  return name
    .slice(0, 128)
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^meta-/, '')
    .replace(/-instruct(-v[\d.]+)?$/, '');
}

/** A model's parameter counts, by what each costs to use. */
export interface ModelParameters {
  /** Read from memory in every iteration: attention, dense and shared feed-forward blocks, output head. */
  readonly always: number;
  /** All routed experts together; an iteration reads those its tokens are routed to. */
  readonly routed: number;
  /** Used by each token in its layers: what makes its linear operations. */
  readonly activePerToken: number;
  /** The output head, used once for each sampled token. */
  readonly head: number;
  /** All of the model, input embedding included: what memory must hold. */
  readonly total: number;
}

/** Counts parameters from the dimensions; norms and biases, well under a thousandth, are left out. */
export function parametersOf(shape: ModelShape): ModelParameters {
  const { layers, hidden, intermediate, experts: moe } = shape;
  const attention = layers * attentionParameters(shape);
  const sparseLayers = moe === undefined ? 0 : layers - moe.denseLayers;
  const dense = (layers - sparseLayers) * 3 * hidden * intermediate;
  const expert = moe === undefined ? 0 : 3 * hidden * moe.intermediate;
  const shared = sparseLayers * (moe?.shared ?? 0) * expert;
  const routed = sparseLayers * (moe?.experts ?? 0) * expert;
  const gate = sparseLayers * (moe?.experts ?? 0) * hidden;
  const head = shape.vocabulary * hidden;
  const everyToken = attention + dense + shared + gate;
  return {
    always: everyToken + head,
    routed,
    activePerToken: everyToken + sparseLayers * (moe?.topK ?? 0) * expert,
    head,
    total: everyToken + routed + head * (shape.tied ? 1 : 2),
  };
}

function attentionParameters({ hidden, attention }: ModelShape): number {
  if (attention.kind === 'grouped') {
    return 2 * hidden * (attention.heads + attention.kvHeads) * attention.headDim;
  }
  const { heads, queryRank, kvRank, ropeDim, headDim } = attention;
  const query = hidden * queryRank + queryRank * heads * (headDim + ropeDim);
  const keyValue = hidden * (kvRank + ropeDim) + kvRank * heads * 2 * headDim;
  return query + keyValue + heads * headDim * hidden;
}

/** Numbers (not bytes) that one token adds to the KV cache, over all layers. */
export function kvWidth({ layers, attention }: ModelShape): number {
  return attention.kind === 'grouped'
    ? 2 * layers * attention.kvHeads * attention.headDim
    : layers * (attention.kvRank + attention.ropeDim);
}

/** Into how many parts a tensor-parallel group splits the KV cache: not beyond its heads, and a latent one not at all. */
export function kvShards({ attention }: ModelShape, tensorParallel: number): number {
  return attention.kind === 'grouped' ? Math.min(tensorParallel, attention.kvHeads) : 1;
}

/** Operations of attention for one query token against one key token, over all layers: scores and weighted sum. */
export function attentionFlops({ layers, attention }: ModelShape): number {
  const width = attention.kind === 'grouped' ? 2 * attention.headDim : 2 * attention.headDim + attention.ropeDim;
  return 2 * layers * attention.heads * width;
}
