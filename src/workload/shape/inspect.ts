import type { Trace } from '#workload/traces/trace.js';
import { type ArchetypeFinding, archetypeOf } from './archetype.js';
import { type ArrivalShape, arrivalShape, type RateOverTime, rateOverTime } from './arrivals.js';
import { type Drift, driftOf } from './drift.js';
import { type LengthShape, lengthShape } from './lengths.js';
import { type PrefixReuse, prefixReuse } from './prefix-reuse.js';
import { type SessionShape, sessionShape } from './sessions.js';

/** All that is measured of a workload: what sizing, placement and archetypes depend on. */
export interface WorkloadShape {
  readonly lengths: LengthShape;
  /** Absent where the trace has no times. */
  readonly arrivals?: ArrivalShape;
  readonly overTime?: RateOverTime;
  readonly reuse?: PrefixReuse;
  readonly sessions?: SessionShape;
  readonly drift?: Drift;
  readonly archetype: ArchetypeFinding;
}

export function inspectTrace({ requests, timed, startedAt }: Trace): WorkloadShape {
  const lengths = lengthShape(requests);
  const arrivals = timed ? arrivalShape(requests) : undefined;
  const reuse = prefixReuse(requests);
  const sessions = sessionShape(requests);
  const drift = driftOf(requests);
  return {
    lengths,
    ...(arrivals === undefined ? {} : { arrivals, overTime: rateOverTime(requests, startedAt) }),
    ...(reuse === undefined ? {} : { reuse }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(drift === undefined ? {} : { drift }),
    archetype: archetypeOf(lengths, arrivals, reuse, sessions),
  };
}
