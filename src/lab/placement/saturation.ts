import type { BenchFleet } from './fleet.js';
import { placerOf } from './policies.js';

/** How far above what the closed form says the fleet can do the trace is offered. */
const OVERLOAD = 1.3;
/** Share of requests that may be done by the last arrival if the fleet is to count as overloaded. */
const OVERLOADED = 0.93;
const MOST_TRIES = 8;

/**
 * The load that a fleet can just keep up with under a policy, measured: the trace is offered faster than can be served, and what is
 * served between the first and the last arrival, over what arrived, times the load is what could have been served for ever.
 *
 * @returns `undefined` for a trace that lasts no time.
 */
export function measureSaturation(fleet: BenchFleet, policy: string): number | undefined {
  const { demand } = fleet;
  if (demand === undefined) return undefined;
  let load = OVERLOAD / demand;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { completed } = fleet.play(policy, placerOf(policy), load).result;
    const last = fleet.spanMs(load);
    const done = completed.reduce((sum, { arrivalMs, e2eMs }) => sum + (arrivalMs + e2eMs <= last ? 1 : 0), 0);
    const share = done / fleet.requests.length;
    if (share <= OVERLOADED) return load * share;
    load *= OVERLOAD;
  }
  return load;
}
