import type { PlannedFleet } from '../api/types.js';
import { count } from '../format.js';

/** A fleet in a line: replicas of so many GPUs, pools joined by +. */
export function fleetName({ pools }: PlannedFleet): string {
  return pools
    .map(
      ({ replicas, tp, gpu, boundary, prefill, tiers }) =>
        `${replicas} × ${tp} ${gpu}${boundary === null ? '' : ` up to ${count(boundary)}`}` +
        (tiers === null ? '' : ` with host memory${tiers.disk === null ? '' : ' and storage'}`) +
        (prefill === null ? '' : `, prompts on ${prefill.replicas} × ${prefill.tp} ${prefill.gpu}`),
    )
    .join(' + ');
}
