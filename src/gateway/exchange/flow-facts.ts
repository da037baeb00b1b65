import type { FlowFacts, Priority } from '#contract/flow.js';
import type { Caller, InferenceRequest } from '#contract/request.js';
import type { Milliseconds } from '#contract/units.js';
import type { WorkloadConfig } from '#workload/schema.js';

const LONGEST_OBJECTIVE_MS = 600_000;

/**
 * Whose a request is and how urgent. The tenant is the team, else the user, else the key. `x-weir-priority: low` may be said by anyone,
 * `high` only by those whom the configuration lists; `x-weir-ttft-ms` names another objective than `workload.slo.ttft_p99`.
 */
export function flowFacts(request: InferenceRequest, workload: WorkloadConfig): FlowFacts {
  const { caller, arrivedAt, promptBytes } = request;
  return {
    tenant: caller.team ?? caller.user ?? caller.key ?? '',
    priority: priorityOf(caller, workload.high_priority),
    dueAt: arrivedAt + (objectiveOf(caller) ?? workload.slo.ttft_p99),
    bytes: promptBytes,
  };
}

function priorityOf({ headers, team, user }: Caller, trusted: readonly string[]): Priority {
  const asked = headers['x-weir-priority'];
  if (asked === 'low') return 'low';
  if (asked !== 'high') return 'normal';
  return (team !== undefined && trusted.includes(team)) || (user !== undefined && trusted.includes(user))
    ? 'high'
    : 'normal';
}

function objectiveOf({ headers }: Caller): Milliseconds | undefined {
  const asked = headers['x-weir-ttft-ms'];
  if (asked === undefined || !/^\d{1,6}$/.test(asked)) return undefined;
  const ms = Number(asked);
  return ms >= 1 && ms <= LONGEST_OBJECTIVE_MS ? ms : undefined;
}
