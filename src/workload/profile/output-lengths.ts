import type { Archetype } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';

export interface OutputQuantiles {
  readonly p50: Tokens;
  readonly p75: Tokens;
}

/** What an answer's length is told by, beside what kind of conversation it is. */
export interface LengthFacts {
  /** Who asks; empty when nobody knows. */
  readonly caller: string;
  readonly promptTokens: Tokens;
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
/** Answers to prompts of one class of length from which that class is told apart. */
const MIN_OF_CLASS = 16;
/** Classes of prompt lengths to the doubling. */
const CLASSES_PER_DOUBLING = 2;
/** Applications beyond this many: the one least recently seen is forgotten. */
export const MAX_APPLICATIONS = 512;
/** The same for classes of prompt lengths, over all applications and callers. */
export const MAX_CLASSES = 2048;

interface Lengths {
  readonly counts: Float32Array;
  total: number;
  quantiles: OutputQuantiles | undefined;
}

/**
 * Expected answer lengths: quantiles of histograms with logarithmic buckets that forget slowly, of the most particular group that was seen
 * often enough. Groups are answers to prompts of the same length class (a regressogram, Tukey 1961: quantile regression without a
 * form to assume) of an application and caller, then of the application, then all of the application, then a class of the archetype, then
 * all of it. Below eight answers the prior stands.
 */
export class OutputLengths {
  private readonly applications = new Map<string, Lengths>();
  private readonly classes = new Map<string, Lengths>();
  private readonly archetypes: Readonly<Record<Archetype, Lengths>> = { chat: lengths(), agent: lengths() };

  expected(application: string, archetype: Archetype, facts?: LengthFacts): OutputQuantiles {
    const keys = facts === undefined ? NO_KEYS : keysOf(application, archetype, facts);
    const particular = this.ofClass(keys.caller) ?? this.ofClass(keys.application);
    if (particular !== undefined) return particular;
    const own = this.applications.get(application);
    if (own !== undefined && own.total >= MIN_SAMPLES) return quantilesOf(own);
    const general = this.ofClass(keys.archetype);
    if (general !== undefined) return general;
    const alike = this.archetypes[archetype];
    return alike.total >= MIN_SAMPLES ? quantilesOf(alike) : PRIORS[archetype];
  }

  /** An answer of `tokens` completion tokens ended. Counts that no answer has are ignored. */
  observe(application: string, archetype: Archetype, tokens: Tokens, facts?: LengthFacts): void {
    if (!Number.isFinite(tokens) || tokens < 1) return;
    add(this.archetypes[archetype], tokens);
    if (application !== '') add(touched(this.applications, application, MAX_APPLICATIONS), tokens);
    if (facts === undefined) return;
    const keys = keysOf(application, archetype, facts);
    this.observeClass(keys.caller, tokens);
    this.observeClass(keys.application, tokens);
    this.observeClass(keys.archetype, tokens);
  }

  private observeClass(key: string | undefined, tokens: Tokens): void {
    if (key !== undefined) add(touched(this.classes, key, MAX_CLASSES), tokens);
  }

  private ofClass(key: string | undefined): OutputQuantiles | undefined {
    const found = key === undefined ? undefined : this.classes.get(key);
    return found !== undefined && found.total >= MIN_OF_CLASS ? quantilesOf(found) : undefined;
  }
}

interface Keys {
  readonly caller?: string | undefined;
  readonly application?: string | undefined;
  readonly archetype?: string | undefined;
}

const NO_KEYS: Keys = {};

function keysOf(application: string, archetype: Archetype, { caller, promptTokens }: LengthFacts): Keys {
  const length = Math.round(Math.log2(Math.max(1, promptTokens)) * CLASSES_PER_DOUBLING);
  return {
    caller: caller === '' ? undefined : `c ${length} ${application} ${caller}`,
    application: application === '' ? undefined : `p ${length} ${application}`,
    archetype: `a ${length} ${archetype}`,
  };
}

/** The histogram of a key, which is now the most recently seen. */
function touched(map: Map<string, Lengths>, key: string, most: number): Lengths {
  const known = map.get(key);
  if (known !== undefined) map.delete(key);
  else if (map.size >= most) {
    const oldest = map.keys().next();
    if (oldest.done !== true) map.delete(oldest.value);
  }
  const kept = known ?? lengths();
  map.set(key, kept);
  return kept;
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
