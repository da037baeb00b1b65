import type { Milliseconds, Tokens } from '#contract/units.js';
import { iterationMs } from '#pool/engine/iteration-cost.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import type { LengthMoments, RequestLengths } from './length-mix.js';

/** What arrives at a pool, request by request. */
export interface Demand {
  readonly moments: LengthMoments;
  /** Some of the requests, evenly drawn: what is not linear in lengths is averaged over them. {@link LengthMix.sample}. */
  readonly sample: readonly RequestLengths[];
  /** Prompt tokens that are computed, for each that would have to be without preemption: 1 unless said. */
  readonly rework?: number;
}

/** What a replica does at some rate of arrivals, in a steady state. */
export interface SteadyState {
  /** Requests a second. */
  readonly rate: number;
  /** Mean time of an iteration, and of one that only decodes. */
  readonly iterationMs: Milliseconds;
  readonly decodeMs: Milliseconds;
  /** Sequences that decode in an iteration. */
  readonly decoding: number;
  /** KV tokens that they hold. */
  readonly kvTokens: Tokens;
  /** Tokens of the budget that prompts may take. */
  readonly budget: Tokens;
}

/** The range of prompts in a group within which states are looked for, and how many times it is halved (in logarithms). */
const FEWEST = 1e-7;
const MOST = 1e5;
const HALVINGS = 40;
/** Newton's steps to the sequences that decode: each about doubles the digits, and the first is seldom off by much. */
const NEWTON_STEPS = 8;

/**
 * The state in which what arrives in an iteration is what an iteration does, at m prompts in a group. A group of none (e^−m of them) only
 * decodes; one with prompts computes them together, in as many iterations as the token budget needs. The roofline is convex: many
 * decode-only iterations and few long ones take longer than as many mean ones, so lengths are averaged over the requests themselves:
 *
 *     N = e^−m·t(n, 0) + (1 − e^−m)·E[k·t(n, c / k)],   D = e^−m + (1 − e^−m)·E[k],   λ = m / N,   T = N / D,   n = λ·output·T = m·output / D
 *
 * with t the engine model's iteration time, c a group's tokens, k its iterations, n the sequences that decode. No slot is reserved:
 * sequences hold the KV of the tokens they have. A group lasts at least as long as reading what its prompts have behind the GPUs.
 */
function stateAt(profile: EngineProfile, demand: Demand, prompts: number): SteadyState {
  const { moments, sample, rework = 1 } = demand;
  const { count } = moments;
  const output = moments.output / count;
  const fresh = (rework * moments.fresh) / count;
  const pairsPerFresh = moments.pairs / moments.fresh;
  const held = moments.held / moments.output;
  const none = Math.exp(-prompts);
  const some = -Math.expm1(-prompts);
  const others = Math.max(0, prompts / some - 1) * fresh;
  const groups = sample.map(request => rework * freshOf(request) + others);
  const reading = (meanOf(sample, readOf) * others) / fresh;
  const decoding = decodingAt(profile.maxBatchedTokens, prompts * output, some, groups);
  const budget = profile.maxBatchedTokens - decoding;
  const load = { decoding, kvTokens: decoding * held };
  const decodeMs = timeWith(profile, load, 0, 0, 0);
  let groupMs = 0;
  for (const request of sample) {
    const own = rework * freshOf(request);
    const tokens = own + others;
    const iterations = Math.max(1, tokens / budget);
    const pairs = own * (request.promptTokens - own / 2) + others * pairsPerFresh;
    const computing = iterations * timeWith(profile, load, tokens / iterations, pairs / iterations, 1);
    groupMs += Math.max(computing, readOf(request) + reading);
  }
  const total = none * decodeMs + (some * groupMs) / sample.length;
  const rate = (1000 * prompts) / total;
  return { rate, iterationMs: (1000 * decoding) / (rate * output), decodeMs, ...load, budget };
}

/**
 * The sequences n that decode beside groups of prompts, where n leaves the budget B − n to prompts, and a smaller budget means more iterations
 * in which n of them decode: the root of
 *
 *     n·(1 − some + some·E[max(1, c / (B − n))]) = answers
 *
 * whose left side rises and is convex, so Newton's steps from above come down to it. They begin at the lower of two bounds, what n is if
 * every group fits into one iteration and if none does; each is the root itself where it is the rule for all groups.
 */
function decodingAt(most: Tokens, answers: Tokens, some: number, groups: readonly Tokens[]): number {
  let mean = 0;
  for (const tokens of groups) mean += tokens / groups.length;
  // One token of the budget is always left to prompts, or they would never come in.
  let decoding = Math.min(answers, (most * answers) / (some * mean + answers), most - 1);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const budget = most - decoding;
    let iterations = 0;
    let slope = 0;
    for (const tokens of groups) {
      iterations += Math.max(1, tokens / budget) / groups.length;
      if (tokens > budget) slope += tokens / (budget * budget) / groups.length;
    }
    const taken = 1 - some + some * iterations;
    const above = decoding * taken - answers;
    if (above <= 1e-9 * answers) break;
    decoding -= above / (taken + decoding * some * slope);
  }
  return decoding;
}

/** The state at so many requests a second; `undefined` for more than there is a state for, whether it fits or not. */
export function stateAtRate(profile: EngineProfile, demand: Demand, rate: number): SteadyState | undefined {
  let low = Math.log(FEWEST);
  let high = Math.log(MOST);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const { rate: reached, decoding } = stateAt(profile, demand, Math.exp(middle));
    // Where decodes take all of the token budget, more prompts in a group are no higher rate.
    if (reached < rate && decoding < profile.maxBatchedTokens - 1) low = middle;
    else high = middle;
  }
  const state = stateAt(profile, demand, Math.exp(high));
  return state.rate >= rate * 0.999 ? state : undefined;
}

/** The last state for which `holds`, over the prompts in a group, given that it holds for fewer wherever it holds. */
export function lastState(
  profile: EngineProfile,
  demand: Demand,
  holds: (state: SteadyState) => boolean,
  halvings = HALVINGS,
): SteadyState | undefined {
  let low = Math.log(FEWEST);
  let high = Math.log(MOST);
  let best: SteadyState | undefined;
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    const state = stateAt(profile, demand, Math.exp(middle));
    if (holds(state)) {
      low = middle;
      best = state;
    } else high = middle;
  }
  return best;
}

/** Prompt tokens that a cache does not spare; the last one has to be computed in any case. */
export function freshOf({ promptTokens, cachedTokens = 0 }: RequestLengths): Tokens {
  return Math.max(1, promptTokens - cachedTokens);
}

/** What reading a prompt's cached tokens takes. */
export function readOf({ readMs = 0 }: RequestLengths): Milliseconds {
  return readMs;
}

function meanOf<Item>(items: readonly Item[], of: (item: Item) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return items.length > 0 ? sum / items.length : 0;
}

/** The time of an iteration in a state, with so many prompt tokens and their pairs of query and key added to it. */
export function timeWith(
  profile: EngineProfile,
  { decoding, kvTokens }: Pick<SteadyState, 'decoding' | 'kvTokens'>,
  tokens: Tokens,
  pairs: number,
  ended: number,
): Milliseconds {
  return iterationMs(profile.cost, {
    tokens: decoding + tokens,
    sampled: decoding + ended,
    attentionPairs: kvTokens + pairs,
    kvTokens: kvTokens + (tokens > 0 ? pairs / tokens + tokens / 2 : 0),
  });
}
