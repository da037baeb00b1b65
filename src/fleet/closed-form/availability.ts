/** Share of time a machine is up that fails so often a day and takes so many hours to repair. */
export function availability(failuresPerDay: number, repairHours: number): number {
  return 1 / (1 + (failuresPerDay * repairHours) / 24);
}

/**
 * The probability that at least `needed` of `count` machines are up, each independently with the given availability: what spare
 * machines buy. (⌈needed / availability⌉ machines, as planners often take, have it at about a half.)
 */
export function capacityProbability(count: number, needed: number, up: number): number {
  if (needed <= 0) return 1;
  if (needed > count) return 0;
  if (up >= 1) return 1;
  if (up <= 0) return 0;
  // From all up downwards, in logarithms: the first terms may be too small for a number.
  let term = count * Math.log(up);
  let sum = 0;
  for (let working = count; working >= needed; working--) {
    sum += Math.exp(term);
    term += Math.log(working) - Math.log(count - working + 1) + Math.log1p(-up) - Math.log(up);
  }
  return Math.min(1, sum);
}

/** Least machines that give `needed` with a probability of at least `target`. */
export function machinesFor(needed: number, up: number, target: number): number {
  let count = Math.max(0, needed);
  while (capacityProbability(count, needed, up) < target) {
    count++;
    if (count > 4 * needed + 1000) return Number.POSITIVE_INFINITY;
  }
  return count;
}
