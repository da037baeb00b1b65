/** Where shedding begins and ends, in saturation: requests on replicas and waiting over places. */
export interface ShedRange {
  readonly from: number;
  readonly full: number;
}

/**
 * The chance that a request that may be shed is: 0 up to `from`, 1 from `full` on, and between them 3t² − 2t³ with
 * t = (saturation − from) / (full − from). It rises without a step, so many gateways do not all start and stop shedding at once.
 */
export function shedChance(saturation: number, { from, full }: ShedRange): number {
  const t = Math.min(1, Math.max(0, (saturation - from) / (full - from)));
  return t * t * (3 - 2 * t);
}
