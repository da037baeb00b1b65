import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import rows from './catalogue/models.json' with { type: 'json' };
import type { ModelRow } from './catalogue/schema.js';
import type { WeightPrecision } from './precision.js';

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
  /** What its weights are published in; bf16 unless said. */
  readonly weights?: WeightPrecision;
}

/** A row of a catalogue as a shape. */
export function modelOf(row: ModelRow): ModelShape {
  const { hub, layers, hidden, intermediate, vocabulary, tied, attention, experts, context, weights } = row;
  return {
    ...{ name: normalised(hub), hub, layers, hidden, intermediate, vocabulary, tied, contextTokens: context, weights },
    attention:
      attention.kind === 'grouped'
        ? { kind: 'grouped', heads: attention.heads, kvHeads: attention.kv_heads, headDim: attention.head_dim }
        : {
            ...{ kind: 'latent', heads: attention.heads, queryRank: attention.query_rank, kvRank: attention.kv_rank },
            ...{ ropeDim: attention.rope_dim, headDim: attention.head_dim },
          },
    ...(experts === undefined
      ? {}
      : {
          experts: {
            ...{ experts: experts.experts, topK: experts.top_k, intermediate: experts.intermediate },
            ...{ shared: experts.shared, denseLayers: experts.dense_layers },
          },
        }),
  };
}

/** Known models: `catalogue/models.json`, dimensions from each model's `config.json`. A test checks the rows, not every start. */
export const MODELS: readonly ModelShape[] = (rows as readonly unknown[] as readonly ModelRow[]).map(modelOf);

let known = MODELS;

/** As {@link knownGpus}. */
export function knownModels(): readonly ModelShape[] {
  return known;
}

/** As {@link knowGpus}. */
export function knowModels(models: readonly ModelShape[]): void {
  known = models;
}

/**
 * The model of a name: its short name or its name on the hub, with or without the owner and `-Instruct`; case makes no difference.
 *
 * @param models the known ones; the built-in catalogue unless said.
 * @throws WeirError `config.unknown_reference`, naming the known ones.
 */
export function findModel(name: string, models: readonly ModelShape[] = known): ModelShape {
  const key = normalised(name);
  const found = models.find(one => one.name === key);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No model is called "${name}".`, {
    hint: `one of ${models.map(one => one.name).join(', ')}`,
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
