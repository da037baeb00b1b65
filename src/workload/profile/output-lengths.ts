import type { Archetype } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';

export interface OutputQuantiles {
  readonly p50: Tokens;
  readonly p75: Tokens;
}

/** Answers to expect before any was seen: between the medians of public chat and agent traces (129 to 350 tokens). */
const PRIORS: Readonly<Record<Archetype, OutputQuantiles>> = {
  chat: { p50: 200, p75: 400 },
  agent: { p50: 120, p75: 300 },
};

/** Four buckets to the doubling, 1 to 2^18 tokens: a quantile is within ±9 % of the sample's. */
const PER_DOUBLING = 4;
const BUCKETS = 18 * PER_DOUBLING + 1;
/** When a histogram holds this many answers all counts are halved: what is older weighs less and less. */
const HALVE_AT = 512;
const MIN_SAMPLES = 8;
/** Applications beyond this many: the one least recently seen is forgotten. */
export const MAX_APPLICATIONS = 512;

interface Lengths {
  readonly counts: Float32Array;
  total: number;
  quantiles: OutputQuantiles | undefined;
}

/**
 * Expected answer lengths, learned from the answers of an application (or, for requests of none and for one that is new, of its
 * archetype): quantiles of a histogram with logarithmic buckets that forgets slowly. Below eight answers the prior stands.
 */
export class OutputLengths {
  private readonly applications = new Map<string, Lengths>();
  private readonly archetypes: Readonly<Record<Archetype, Lengths>> = { chat: lengths(), agent: lengths() };

  expected(application: string, archetype: Archetype): OutputQuantiles {
    const own = this.applications.get(application);
    if (own !== undefined && own.total >= MIN_SAMPLES) return quantilesOf(own);
    const alike = this.archetypes[archetype];
    return alike.total >= MIN_SAMPLES ? quantilesOf(alike) : PRIORS[archetype];
  }

  /** An answer of `tokens` completion tokens ended. Counts that no answer has are ignored. */
  observe(application: string, archetype: Archetype, tokens: Tokens): void {
    if (!Number.isFinite(tokens) || tokens < 1) return;
    add(this.archetypes[archetype], tokens);
    if (application === '') return;
    let own = this.applications.get(application);
    if (own === undefined) {
      own = lengths();
      if (this.applications.size >= MAX_APPLICATIONS) {
        const oldest = this.applications.keys().next();
        if (oldest.done !== true) this.applications.delete(oldest.value);
      }
    } else this.applications.delete(application);
    this.applications.set(application, own);
    add(own, tokens);
  }
}

function lengths(): Lengths {
  return { counts: new Float32Array(BUCKETS), total: 0, quantiles: undefined };
}

function add(into: Lengths, tokens: Tokens): void {
  const bucket = Math.min(BUCKETS - 1, Math.round(Math.log2(tokens) * PER_DOUBLING));
  into.counts[bucket]! += 1;
  into.total += 1;
  into.quantiles = undefined;
  if (into.total < HALVE_AT) return;
  for (let i = 0; i < BUCKETS; i++) into.counts[i]! /= 2;
  into.total /= 2;
}

function quantilesOf(of: Lengths): OutputQuantiles {
  of.quantiles ??= { p50: quantile(of, 0.5), p75: quantile(of, 0.75) };
  return of.quantiles;
}

/** The middle (on the logarithmic scale) of the bucket that holds the quantile. */
function quantile(of: Lengths, share: number): Tokens {
  let left = share * of.total;
  for (let i = 0; i < BUCKETS; i++) {
    left -= of.counts[i]!;
    if (left <= 0) return Math.round(2 ** (i / PER_DOUBLING));
  }
  return 2 ** ((BUCKETS - 1) / PER_DOUBLING);
}
