import type { Milliseconds } from '#contract/units.js';

/** Bounds of what callers are told to wait before they try again. */
const LEAST_RETRY_MS = 50;
const MOST_RETRY_MS = 60_000;

/**
 * Expected wait of a request that `ahead` others wait in front of, when `places` places are all taken and each is held for
 * `holdMs` on average: `(ahead + 1) · holdMs / places`. With every place busy, one comes free each `holdMs / places` on
 * average (the departure rate of M/M/c: Kleinrock, Queueing Systems I, §3.5).
 *
 * @returns `undefined` while no request has ended yet, or when there is no place at all.
 */
export function predictedWait(
  ahead: number,
  places: number,
  holdMs: Milliseconds | undefined,
): Milliseconds | undefined {
  if (holdMs === undefined || places <= 0) return undefined;
  return ((ahead + 1) * holdMs) / places;
}

/** When a refused caller should try again: when those who wait now will have been served, within 50 ms to 1 min. */
export function retryAfter(wait: Milliseconds | undefined, otherwise: Milliseconds): Milliseconds {
  return Math.round(Math.min(MOST_RETRY_MS, Math.max(LEAST_RETRY_MS, wait ?? otherwise)));
}
