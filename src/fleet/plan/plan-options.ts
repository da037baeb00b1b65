import type { Clock } from '#contract/clock.js';
import type { Milliseconds, Usd } from '#contract/units.js';
import type { Catalogue, PriceWish } from '#fleet/catalogue.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { BuyingWish } from './buying.js';
import type { Slo } from './candidates.js';
import type { TierWish } from './memory-tiers.js';

export interface PlanOptions {
  /** With times; in order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** Requests a second; the trace's own unless said. With a budget only where the search for the rate begins. */
  readonly rate?: number;
  /** USD an hour: the largest rate that a fleet for so much carries is looked for, and planned. */
  readonly budget?: Usd;
  readonly model: string;
  readonly gpus: readonly string[];
  /** What the weights are: what the model is published in unless said. */
  readonly weights?: WeightPrecision;
  /** What the KV cache is: 16 bits unless said. */
  readonly kvCache?: KvPrecision;
  readonly slo: Slo;
  readonly seed: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly catalogue?: Catalogue;
  /** On demand unless said. */
  readonly price?: PriceWish;
  /** How machines may be bought; without spot unless said. */
  readonly buying?: Omit<BuyingWish, 'provider'>;
  /** Also plan fleets whose prompts are computed on replicas of their own, with so many gigabytes of KV a second between them. */
  readonly disaggregate?: { readonly link: number };
  /** Memory that keeps KV behind the GPUs. */
  readonly tiers?: TierWish;
  /** Plan a fleet that is sized and divided anew every so often. */
  readonly overTime?: { readonly windowMs: Milliseconds; readonly compressible: number };
  readonly progress?: (text: string) => void;
}
