import type { Milliseconds, Tokens } from '#contract/units.js';
import { iterationMs } from '#pool/engine/iteration-cost.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { erlangC, waitDecay } from './erlang.js';
import type { LengthMoments, RequestLengths } from './length-mix.js';

/** What arrives at a pool, request by request. */
export interface Demand {
  readonly moments: LengthMoments;
  /** Some of the requests, evenly drawn: what is not linear in lengths is averaged over them. {@link LengthMix.sample}. */
  readonly sample: readonly RequestLengths[];
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

/**
 * The state in which what arrives in an iteration is what an iteration does, at m prompts in a group. A group of none (e^−m of them) only
 * decodes; one with prompts computes them together, in as many iterations as the token budget needs. The roofline is convex: many
 * decode-only iterations and few long ones take longer than as many mean ones, so lengths are averaged over the requests themselves:
 *
 *     N = e^−m·t(n, 0) + (1 − e^−m)·E[k·t(n, c / k)],   D = e^−m + (1 − e^−m)·E[k],   λ = m / N,   T = N / D,   n = λ·output·T = m·output / D
 *
 * with t the engine model's iteration time, c a group's tokens, k its iterations, n the sequences that decode. No slot is reserved:
 * sequences hold the KV of the tokens they have.
 */
function stateAt(profile: EngineProfile, { moments, sample }: Demand, prompts: number): SteadyState {
  const { count } = moments;
  const output = moments.output / count;
  const fresh = moments.fresh / count;
  const pairsPerFresh = moments.pairs / moments.fresh;
  const held = moments.held / moments.output;
  const none = Math.exp(-prompts);
  const some = -Math.expm1(-prompts);
  const others = Math.max(0, prompts / some - 1) * fresh;
  let decoding = 0;
  let budget = profile.maxBatchedTokens;
  // The budget that decodes leave to prompts hangs on their number, and that, weakly, on the budget.
  for (let round = 0; round < 3; round++) {
    let iterations = 0;
    for (const request of sample) iterations += Math.max(1, (freshOf(request) + others) / budget);
    decoding = (prompts * output) / (none + (some * iterations) / sample.length);
    budget = Math.max(1, profile.maxBatchedTokens - decoding);
  }
  const load = { decoding, kvTokens: decoding * held };
  const decodeMs = timeWith(profile, load, 0, 0, 0);
  let groupMs = 0;
  for (const request of sample) {
    const own = freshOf(request);
    const tokens = own + others;
    const iterations = Math.max(1, tokens / budget);
    const pairs = own * (request.promptTokens - own / 2) + others * pairsPerFresh;
    groupMs += iterations * timeWith(profile, load, tokens / iterations, pairs / iterations, 1);
  }
  const total = none * decodeMs + (some * groupMs) / sample.length;
  const rate = (1000 * prompts) / total;
  return { rate, iterationMs: (1000 * decoding) / (rate * output), decodeMs, ...load, budget };
}

/**
 * The steady state of one replica at so many requests a second; `undefined` where there is none that fits: then work comes faster than it
 * is done.
 */
export function steadyState(profile: EngineProfile, demand: Demand, rate: number): SteadyState | undefined {
  let low = Math.log(FEWEST);
  let high = Math.log(MOST);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (stateAt(profile, demand, Math.exp(middle)).rate < rate) low = middle;
    else high = middle;
  }
  const state = stateAt(profile, demand, Math.exp(high));
  return state.rate >= rate * 0.999 && fits(profile, demand, state) ? state : undefined;
}

/**
 * Whether a state fits the KV cache. A running sequence counts with the length it will have: what it still grows by has to come from somewhere, and
 * preempting others to find it costs as much. Added are the prompts on their way in, half computed on average, and room for the next in line, which
 * is admitted only when all of its prompt would fit.
 */
function fits(
  profile: EngineProfile,
  { moments }: Demand,
  { rate, iterationMs: time, decoding, budget }: SteadyState,
): boolean {
  const { maxSequences, totalBlocks, blockTokens } = profile;
  const grown = (2 * moments.held) / moments.output - moments.promptHeld / moments.output;
  const inPrefill = ((rate / 1000) * time * moments.freshSquares) / (2 * budget * moments.count);
  const next = moments.fresh / moments.count;
  return (
    decoding <= maxSequences &&
    decoding < profile.maxBatchedTokens &&
    decoding * (grown + blockTokens / 2) + inPrefill + next <= totalBlocks * blockTokens
  );
}

function freshOf({ promptTokens, cachedTokens = 0 }: RequestLengths): Tokens {
  return Math.max(1, promptTokens - cachedTokens);
}

/** The most requests a second that one replica keeps up with. */
export function replicaCapacity(profile: EngineProfile, demand: Demand, halvings = HALVINGS): number {
  if (demand.moments.count === 0) return Number.POSITIVE_INFINITY;
  let low = Math.log(FEWEST);
  let high = Math.log(MOST);
  let best = 0;
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    const state = stateAt(profile, demand, Math.exp(middle));
    if (fits(profile, demand, state)) {
      low = middle;
      best = state.rate;
    } else high = middle;
  }
  return best;
}

/** How a pool of replicas fares. */
export interface PoolForecast {
  readonly replicas: number;
  /** Requests a second of the pool over what it keeps up with. */
  readonly utilisation: number;
  /**
   * Geometric mean of two bounds: replicas that share one queue, and each with its own. A placer by load in flight is between them: the
   * nearer to the first, the more of what is in flight is one long prompt.
   */
  readonly p99TtftMs: Milliseconds;
  readonly p99TtftBoundsMs: readonly [shared: Milliseconds, apart: Milliseconds];
  readonly tpotMs: Milliseconds;
  /** Sequences that run on a replica. */
  readonly running: number;
}

export interface Offered extends Demand {
  /** Requests a second of the whole pool. */
  readonly rate: number;
  /** Squared coefficient of variation of the gaps between arrivals: 1 for Poisson. */
  readonly arrivalCv2: number;
}

/**
 * Forecast of a pool. What queues is prefill work before the token budget: a request waits for the end of the iteration under way (uniform over it),
 * for the prefill work before it (G/G/c with a replica as server, whose service is the time that a prompt adds to iterations; Allen and
 * Cunneen's tail on Erlang's C), then takes its own prefill with the decodes beside it. The P99 is of that sum, over the lengths
 * themselves. `undefined` where the pool does not keep up.
 */
export function forecastPool(
  profile: EngineProfile,
  replicas: number,
  offered: Offered,
  capacity = replicaCapacity(profile, offered),
): PoolForecast | undefined {
  const { rate, sample, arrivalCv2 } = offered;
  const utilisation = rate / (replicas * capacity);
  if (utilisation >= 1) return undefined;
  const state = steadyState(profile, offered, rate / replicas);
  if (state === undefined) return undefined;
  const { decodeMs } = state;
  const budget = Math.max(1, Math.min(profile.prefillChunk, state.budget));
  const services: Milliseconds[] = [];
  const added: Milliseconds[] = [];
  for (const request of sample) {
    const fresh = freshOf(request);
    const iterations = Math.max(1, fresh / budget);
    const pairs = fresh * (request.promptTokens - fresh / 2);
    const ms = iterations * timeWith(profile, state, fresh / iterations, pairs / iterations, 1);
    services.push(ms);
    // What it adds to the work before later prompts: the decodes beside it would have gone on in any case, one iteration's worth.
    added.push(Math.max(0, ms - decodeMs));
  }
  const mean = average(added);
  const cv2 = mean > 0 ? average(added.map(ms => ms * ms)) / mean ** 2 - 1 : 0;
  const load = (rate / 1000) * mean;
  if (load >= replicas) return undefined;
  const residual = decodeMs * Math.min(1, state.decoding + load / replicas);
  const sorted = Float64Array.from(services).sort();
  const p99 = (servers: number): Milliseconds => {
    const share = servers / replicas;
    const waiting = erlangC(servers, load * share);
    const decay =
      mean > 0
        ? waitDecay(servers, 1 / mean, (rate / 1000) * share, arrivalCv2, Math.max(0, cv2))
        : Number.POSITIVE_INFINITY;
    return sumQuantile(sorted, residual, waiting, decay, 0.99);
  };
  const bounds = [p99(replicas), p99(1)] as const;
  return {
    ...{ replicas, utilisation },
    p99TtftMs: Math.sqrt(bounds[0] * bounds[1]),
    p99TtftBoundsMs: bounds,
    tpotMs: state.iterationMs,
    running: state.decoding,
  };
}

function timeWith(
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

/** The quantile of service (each value as likely) + uniform(0, residual) + a wait with P(W > t) = waiting·e^(−decay·t), by bisection. */
function sumQuantile(
  services: Float64Array,
  residual: Milliseconds,
  waiting: number,
  decay: number,
  share: number,
): Milliseconds {
  /** P(uniform + wait > t). */
  const beyond = (t: number): number => {
    if (t <= 0) return 1;
    const tail = (from: number, to: number) =>
      residual > 0 ? (waiting * (Math.exp(-decay * from) - Math.exp(-decay * to))) / (decay * residual) : 0;
    if (residual <= 0) return waiting * Math.exp(-decay * t);
    if (t >= residual) return tail(t - residual, t);
    return (residual - t) / residual + tail(0, t);
  };
  let low = services[0] ?? 0;
  let high = (services.at(-1) ?? 0) + residual + Math.max(0, Math.log(waiting / (1 - share)) / decay) + 1;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    let sum = 0;
    for (const service of services) sum += beyond(middle - service);
    if (sum / services.length > 1 - share) low = middle;
    else high = middle;
  }
  return high;
}

function average(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
