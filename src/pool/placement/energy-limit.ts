import type { PlacementRequest } from '#contract/placement.js';
import type { EnergyLimit } from '#contract/route.js';
import type { Joules } from '#contract/units.js';
import type { ReplicaView } from './placer.js';

/**
 * Energy that a request is expected to take on a replica with what runs there now, nothing of its prompt being cached; by the engine model
 * ({@link EngineForecast.requestJoules}). `undefined` where the hardware is not described.
 */
export function expectedJoules(
  { promptTokens, outputTokens }: Pick<PlacementRequest, 'promptTokens' | 'outputTokens'>,
  replica: ReplicaView,
): Joules | undefined {
  return replica.forecast?.requestJoules(replica, promptTokens, outputTokens);
}

/** Whether an expectation keeps to a limit. What nothing is known of keeps to none. */
export function keepsTo(
  { maxJoules, minTokensPerJoule }: EnergyLimit,
  joules: Joules | undefined,
  outputTokens: number,
): boolean {
  if (joules === undefined) return false;
  return joules <= (maxJoules ?? Number.POSITIVE_INFINITY) && outputTokens >= (minTokensPerJoule ?? 0) * joules;
}

/**
 * Replicas that a request is not to go to for the energy it would take there, of those that it could use: all that break its limit. Where all do (the
 * fleet has become idle since the route was made, or nothing of it keeps to the limit and the decision says to take the best), all but the one that takes least; where nothing is known of any, none.
 */
export function tooDear(
  limit: EnergyLimit,
  request: Pick<PlacementRequest, 'promptTokens' | 'outputTokens'>,
  usable: readonly ReplicaView[],
): readonly string[] {
  const dear: string[] = [];
  let least: ReplicaView | undefined;
  let leastJoules = Number.POSITIVE_INFINITY;
  for (const replica of usable) {
    const joules = expectedJoules(request, replica);
    if (!keepsTo(limit, joules, request.outputTokens)) dear.push(replica.id);
    if (joules === undefined || joules >= leastJoules || replica.inFlight >= replica.limit) continue;
    least = replica;
    leastJoules = joules;
  }
  if (dear.length < usable.length) return dear;
  return least === undefined ? [] : dear.filter(id => id !== least.id);
}

/** A request that some replicas are too dear for. */
export class ThriftyRequest implements PlacementRequest {
  constructor(
    private readonly request: PlacementRequest,
    readonly dear: readonly string[],
  ) {}

  get model() {
    return this.request.model;
  }
  get promptTokens() {
    return this.request.promptTokens;
  }
  get outputTokens() {
    return this.request.outputTokens;
  }
  get prefix() {
    return this.request.prefix;
  }
  get tokens() {
    return this.request.tokens;
  }
  get session() {
    return this.request.session;
  }
  get kind() {
    return this.request.kind;
  }
  get constraints() {
    return this.request.constraints;
  }
  get exclude() {
    return this.request.exclude;
  }
  get streamed() {
    return this.request.streamed;
  }
  get flow() {
    return this.request.flow;
  }
}
