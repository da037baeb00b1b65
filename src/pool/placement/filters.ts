import type { PlacementRequest } from '#contract/placement.js';
import type { ReplicaView } from './placer.js';

/** Why a replica may not take a request, or `undefined` when it may. The first that speaks decides. */
export type Filter = (request: PlacementRequest, replica: ReplicaView) => string | undefined;

const inAllowedPool: Filter = ({ constraints }, { pool }) =>
  constraints.pools === undefined || constraints.pools.includes(pool) ? undefined : 'pool not allowed';

const notTriedBefore: Filter = ({ exclude }, { id }) =>
  exclude.length > 0 && exclude.includes(id) ? 'failed before' : undefined;

const takesRequests: Filter = (_, { unavailable }) => unavailable;

const fitsContext: Filter = (request, { contextTokens }) =>
  request.promptTokens + request.outputTokens <= contextTokens ? undefined : 'context too short';

const hasRoom: Filter = (_, { inFlight, limit }) => (inFlight < limit ? undefined : 'full');

/** What every placer asks of a replica before it scores it, in this order. */
export const FILTERS: readonly Filter[] = [inAllowedPool, notTriedBefore, takesRequests, fitsContext, hasRoom];

/** What the first filter that objects holds against a replica. */
export function objection(request: PlacementRequest, replica: ReplicaView): string | undefined {
  for (const filter of FILTERS) {
    const reason = filter(request, replica);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
