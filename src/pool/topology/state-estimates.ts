import type { Milliseconds } from '#contract/units.js';
import type { Replica } from './replica.js';

/** Requests, of whomever, that wait inside the engines of these replicas. */
export function waitingInEngines(replicas: readonly Replica[], now: Milliseconds): number {
  return replicas.reduce((sum, replica) => sum + replica.engineWaiting(now), 0);
}

/** Prompt tokens a second that one of these replicas reads, mean over those it is known of. */
export function prefillRate(replicas: readonly Replica[]): number | undefined {
  let [sum, known] = [0, 0];
  for (const { unavailable, prefill } of replicas) {
    const rate = unavailable === undefined ? prefill.now : undefined;
    if (rate === undefined) continue;
    sum += rate * 1000;
    known += 1;
  }
  return known === 0 ? undefined : sum / known;
}

/** 1 − (our requests, those of others that the last lines have shown, and who waits for a place) / places; `undefined` without a place. */
export function headroom(replicas: readonly Replica[], queued: number): number | undefined {
  let [taken, limit] = [queued, 0];
  for (const { unavailable, limit: places, inFlight, engine } of replicas) {
    if (unavailable !== undefined) continue;
    limit += places;
    taken += inFlight + engine.others;
  }
  return limit === 0 ? undefined : 1 - taken / limit;
}

/**
 * Output tokens a second over watts (which is tokens a joule) of these replicas together, each at the batch it has, a replica without
 * requests at one (`wrp.md` §5.12, arXiv 2603.17280). `undefined` where the hardware is not described.
 */
export function tokensPerJoule(replicas: readonly Replica[]): number | undefined {
  let [tokens, watts] = [0, 0];
  for (const { hardware, inFlight, inFlightTokens } of replicas) {
    const { forecast } = hardware;
    if (forecast === undefined) continue;
    const batch = Math.max(1, inFlight);
    const drawn = forecast.watts(batch);
    tokens += forecast.tokensPerJoule(batch, inFlightTokens) * drawn;
    watts += drawn;
  }
  return watts === 0 ? undefined : tokens / watts;
}

/** How many of these replicas were found slow. */
export function slow(replicas: readonly Replica[]): number {
  return replicas.reduce((sum, { slowdown }) => sum + (slowdown.slow ? 1 : 0), 0);
}
