import type { FlowFacts } from '#contract/flow.js';
import type { PlacementRequest } from '#contract/placement.js';

/** Of a request that says nothing of itself: it waits among all such, in the order of coming. */
const ANYBODY: FlowFacts = { tenant: '', priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 0 };

export function factsOf(request: PlacementRequest): FlowFacts {
  return request.flow ?? ANYBODY;
}
