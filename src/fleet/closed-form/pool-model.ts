import type { Milliseconds, Watts } from '#contract/units.js';
import { powerAt } from '#pool/engine/power.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { replicaCapacity, steadyState } from './capacity.js';
import { erlangC, waitDecay } from './erlang.js';
import type { RequestLengths } from './length-mix.js';
import { type Demand, freshOf, readOf, timeWith } from './steady-state.js';

export { replicaCapacity, steadyState } from './capacity.js';
export type { Demand, SteadyState } from './steady-state.js';

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
  /** Of all replicas together: the power curve at that many sequences. */
  readonly watts: Watts;
  /** Output tokens for each joule. */
  readonly tokensPerJoule: number;
}

export interface Offered extends Demand {
  /** Requests a second of the whole pool. */
  readonly rate: number;
  /** Squared coefficient of variation of the gaps between arrivals: 1 for Poisson. */
  readonly arrivalCv2: number;
  /** What comes between a request's prefill and its first token, and keeps no replica busy: the transfer of its KV. */
  readonly delayMs?: (request: RequestLengths) => Milliseconds;
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
  const state = steadyState(profile, offered, rate / replicas, capacity);
  if (state === undefined) return undefined;
  const { decodeMs } = state;
  const budget = Math.max(1, Math.min(profile.prefillChunk, state.budget));
  const services: Milliseconds[] = [];
  const added: Milliseconds[] = [];
  for (const request of sample) {
    const fresh = freshOf(request);
    const iterations = Math.max(1, fresh / budget);
    const pairs = fresh * (request.promptTokens - fresh / 2);
    const computing = iterations * timeWith(profile, state, fresh / iterations, pairs / iterations, 1);
    const ms = Math.max(computing, readOf(request));
    services.push(ms + (offered.delayMs?.(request) ?? 0));
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
  const apart = p99(1);
  const bounds = [replicas === 1 ? apart : p99(replicas), apart] as const;
  const watts = replicas * replicaWatts(profile, state.decoding + load / replicas);
  return {
    ...{ replicas, utilisation },
    p99TtftMs: Math.sqrt(bounds[0] * bounds[1]),
    p99TtftBoundsMs: bounds,
    tpotMs: state.iterationMs,
    running: state.decoding,
    watts,
    tokensPerJoule: watts > 0 ? (rate * offered.moments.output) / offered.moments.count / watts : 0,
  };
}

/** Power of a replica on which so many sequences run in the mean; fewer than one is one for that share of the time. */
export function replicaWatts({ power, tensorParallel }: EngineProfile, running: number): Watts {
  const idle = powerAt(power, 0);
  const watts = running >= 1 ? powerAt(power, running) : idle + running * (powerAt(power, 1) - idle);
  return tensorParallel * watts;
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
