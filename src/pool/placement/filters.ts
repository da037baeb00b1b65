import type { PlacementRequest } from '#contract/placement.js';
import type { ReplicaView } from './placer.js';

/**
 * What keeps a replica from taking a request, or `undefined` when nothing does: what every placer asks before it scores. The first
 * objection in this order is the one told. Plain conditions rather than a list of filters, as this runs for every replica of every
 * request.
 */
export function objection(request: PlacementRequest, replica: ReplicaView): string | undefined {
  const { constraints, exclude } = request;
  if (constraints.pools !== undefined && !constraints.pools.includes(replica.pool)) return 'pool not allowed';
  if (exclude.length > 0 && exclude.includes(replica.id)) return 'failed before';
  if (request.dear?.includes(replica.id) === true) return 'too much energy';
  if (replica.unavailable !== undefined) return replica.unavailable;
  if (request.promptTokens + request.outputTokens > replica.contextTokens) return 'context too short';
  if (replica.inFlight >= replica.limit) return 'full';
  return undefined;
}
