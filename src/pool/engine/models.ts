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

function grouped(heads: number, kvHeads: number, headDim = 128): AttentionShape {
  return { kind: 'grouped', heads, kvHeads, headDim };
}

const K = 1024;
const LLAMA_VOCABULARY = 128_256;
const QWEN_VOCABULARY = 151_936;

function model(
  ...[name, hub, layers, hidden, intermediate, vocabulary, attention, contextTokens, rest]: readonly [
    name: string,
    hub: string,
    layers: number,
    hidden: number,
    intermediate: number,
    vocabulary: number,
    attention: AttentionShape,
    contextTokens: Tokens,
    rest?: { readonly tied?: boolean; readonly experts?: ExpertShape },
  ]
): ModelShape {
  const shape = { name, hub, layers, hidden, intermediate, vocabulary, attention, contextTokens, tied: rest?.tied ?? false };
  return rest?.experts === undefined ? shape : { ...shape, experts: rest.experts };
}

function experts(count: number, topK: number, intermediate: number, shared = 0, denseLayers = 0): ExpertShape {
  return { experts: count, topK, intermediate, shared, denseLayers };
}

/** Known models, dimensions from each model's `config.json`. */
export const MODELS: readonly ModelShape[] = [
  model('llama-3.2-1b', 'meta-llama/Llama-3.2-1B-Instruct', 16, 2048, 8192, LLAMA_VOCABULARY, grouped(32, 8, 64), 128 * K, {
    tied: true,
  }),
  model('llama-3.2-3b', 'meta-llama/Llama-3.2-3B-Instruct', 28, 3072, 8192, LLAMA_VOCABULARY, grouped(24, 8), 128 * K, {
    tied: true,
  }),
  model('llama-3.1-8b', 'meta-llama/Llama-3.1-8B-Instruct', 32, 4096, 14_336, LLAMA_VOCABULARY, grouped(32, 8), 128 * K),
  model('llama-3.1-70b', 'meta-llama/Llama-3.1-70B-Instruct', 80, 8192, 28_672, LLAMA_VOCABULARY, grouped(64, 8), 128 * K),
  model('llama-3.3-70b', 'meta-llama/Llama-3.3-70B-Instruct', 80, 8192, 28_672, LLAMA_VOCABULARY, grouped(64, 8), 128 * K),
  model(
    ...(['llama-3.1-405b', 'meta-llama/Llama-3.1-405B-Instruct', 126, 16_384, 53_248, LLAMA_VOCABULARY] as const),
    ...([grouped(128, 8), 128 * K] as const),
  ),
  model('mistral-7b', 'mistralai/Mistral-7B-Instruct-v0.3', 32, 4096, 14_336, 32_768, grouped(32, 8), 32 * K),
  model('mixtral-8x7b', 'mistralai/Mixtral-8x7B-Instruct-v0.1', 32, 4096, 14_336, 32_000, grouped(32, 8), 32 * K, {
    experts: experts(8, 2, 14_336),
  }),
  model('qwen3-0.6b', 'Qwen/Qwen3-0.6B', 28, 1024, 3072, QWEN_VOCABULARY, grouped(16, 8), 40 * K, { tied: true }),
  model('qwen3-1.7b', 'Qwen/Qwen3-1.7B', 28, 2048, 6144, QWEN_VOCABULARY, grouped(16, 8), 40 * K, { tied: true }),
  model('qwen3-4b', 'Qwen/Qwen3-4B', 36, 2560, 9728, QWEN_VOCABULARY, grouped(32, 8), 40 * K, { tied: true }),
  model('qwen3-8b', 'Qwen/Qwen3-8B', 36, 4096, 12_288, QWEN_VOCABULARY, grouped(32, 8), 40 * K),
  model('qwen3-14b', 'Qwen/Qwen3-14B', 40, 5120, 17_408, QWEN_VOCABULARY, grouped(40, 8), 40 * K),
  model('qwen3-32b', 'Qwen/Qwen3-32B', 64, 5120, 25_600, QWEN_VOCABULARY, grouped(64, 8), 40 * K),
  model('qwen3-30b-a3b', 'Qwen/Qwen3-30B-A3B', 48, 2048, 0, QWEN_VOCABULARY, grouped(32, 4), 40 * K, {
    experts: experts(128, 8, 768),
  }),
  model('qwen3-235b-a22b', 'Qwen/Qwen3-235B-A22B', 94, 4096, 0, QWEN_VOCABULARY, grouped(64, 4), 40 * K, {
    experts: experts(128, 8, 1536),
  }),
  model(
    ...(['deepseek-v3', 'deepseek-ai/DeepSeek-V3', 61, 7168, 18_432, 129_280] as const),
    { kind: 'latent', heads: 128, queryRank: 1536, kvRank: 512, ropeDim: 64, headDim: 128 },
    160 * K,
    { experts: experts(256, 8, 2048, 1, 3) },
  ),
];

/**
 * The model of a name: its short name or its name on the hub, with or without the owner and `-Instruct`; case makes no difference.
 *
 * @throws WeirError `config.unknown_reference`, naming the known ones.
 */
export function findModel(name: string): ModelShape {
  const key = normalised(name);
  const found = MODELS.find(one => one.name === key || normalised(one.hub) === key);
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
