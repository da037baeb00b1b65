import { isWeirError, WeirError } from '#contract/errors.js';
import type { Tokens, Usd } from '#contract/units.js';
import { within } from '#contract/within.js';
import { type Catalogue, type PriceWish, priceOf } from '#fleet/catalogue.js';
import type { LengthMix } from '#fleet/closed-form/length-mix.js';
import type { PriceQuote } from '#pool/engine/catalogue/schema.js';
import { findGpu } from '#pool/engine/hardware.js';
import { findModel } from '#pool/engine/models.js';
import { peakFlops } from '#pool/engine/precision.js';
import { type EngineProfile, engineProfile, type ProfileInput } from '#pool/engine/profile.js';
import type { KindTiers } from './memory-tiers.js';

/** What a replica may be. */
export interface ReplicaKind {
  readonly profile: EngineProfile;
  readonly usdPerHour: Usd;
  /** Of one GPU. */
  readonly price: PriceQuote;
  /** Memory behind its GPUs; none unless said. */
  readonly tiers?: KindTiers;
  /** The requests as its caches leave them to it. */
  readonly mix?: LengthMix | undefined;
}

/** Replicas that compute the prompts of a pool. */
export interface PrefillPart {
  readonly kind: ReplicaKind;
  readonly replicas: number;
  /** Gigabytes of KV a second into each replica that answers. */
  readonly link: number;
}

const TENSOR_PARALLEL = [1, 2, 4, 8] as const;
/** vLLM's default token budget is 8,192 on GPUs of at least 70 GB other than A100, else 2,048 (its `EngineArgs`). */
const BIG_GPU = 70e9;

/** What replicas are to hold, and of what they may be. */
export interface KindWish {
  readonly model: string;
  readonly gpus: readonly string[];
  /** Tokens of the longest request. */
  readonly longest: Tokens;
  readonly catalogue: Catalogue;
  readonly price: PriceWish;
  readonly precision: Pick<ProfileInput, 'weights' | 'kvCache'>;
}

/**
 * For each GPU every tensor-parallel group that holds the model and two of the longest request: a larger one is faster, a smaller one cheaper.
 *
 * @throws WeirError `config.range` when the model fits none of them, or one has no kernels for such weights.
 */
export function replicaKinds({
  model: name,
  gpus,
  longest,
  catalogue,
  price,
  precision,
}: KindWish): readonly ReplicaKind[] {
  const model = within('model', () => findModel(name, catalogue.models));
  const kinds: ReplicaKind[] = [];
  let refusal: string | undefined;
  for (const gpuName of gpus) {
    const gpu = within('gpus', () => findGpu(gpuName, catalogue.gpus));
    const quote = priceOf(gpu, price);
    if (precision.weights !== undefined) peakFlops(gpu, precision.weights);
    for (const tp of TENSOR_PARALLEL) {
      try {
        const maxBatchedTokens = gpu.memory >= BIG_GPU && gpu.name !== 'a100' ? 8192 : 2048;
        const contextTokens = Math.max(longest, model.contextTokens);
        const profile = engineProfile({ model, gpu, tp, maxBatchedTokens, contextTokens, ...precision });
        if (profile.totalBlocks * profile.blockTokens < 2 * longest) continue;
        kinds.push({ profile, usdPerHour: tp * quote.usd_per_hour, price: quote });
      } catch (error) {
        if (!isWeirError(error) || error.code !== 'config.range') throw error;
        refusal = error.message;
      }
    }
  }
  if (kinds.length > 0) return kinds;
  throw new WeirError(
    'config.range',
    `${model.name} with ${longest} tokens fits none of ${gpus.join(', ')}, up to 8 of them.${refusal === undefined ? '' : ` With 8, ${refusal}`}`,
    { path: 'gpus', hint: 'GPUs with more memory, or weights and KV of fewer bits' },
  );
}
