import type { BenchFleet } from './fleet.js';
import { placerOf } from './policies.js';

/** How far above what the closed form says the fleet can do the trace is offered. */
const OVERLOAD = 1.3;
/** Share of the rate of arrival that answers may end at if the fleet is to count as overloaded. */
const OVERLOADED = 0.93;
/** Where measuring begins, as a share of the trace: by then queues have filled, and answers end as fast as they can. */
const WARM = 0.3;
const MOST_TRIES = 8;

/**
 * The load that a fleet can just keep up with under a policy, measured: the trace is offered faster than can be served, and the rate at
 * which answers end, from three tenths of the way to the last arrival, is the rate that could be served for ever.
 *
 * @returns `undefined` for a trace that lasts no time.
 */
export function measureSaturation(fleet: BenchFleet, policy: string): number | undefined {
  const { demand } = fleet;
  if (demand === undefined) return undefined;
  let load = OVERLOAD / demand;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { completed } = fleet.play(policy, placerOf(policy), load).result;
    const until = fleet.spanMs(load);
    const from = WARM * until;
    let ended = 0;
    for (const { arrivalMs, e2eMs } of completed) {
      const at = arrivalMs + e2eMs;
      if (at > from && at <= until) ended++;
    }
    const share = ended / ((1 - WARM) * fleet.requests.length);
    if (share <= OVERLOADED) return load * share;
    load *= OVERLOAD;
  }
  return load;
}
