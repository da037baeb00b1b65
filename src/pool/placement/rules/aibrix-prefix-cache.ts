import type { Candidates, Scorer } from '#pool/placement/scorer.js';

/** Requests by which the most and the least loaded must differ for load to go first. */
const IMBALANCE = 8;
/** Standard deviations above the mean up to which a replica may be followed for its match. */
const DEVIATIONS = 1;

/**
 * AIBrix's `prefix-cache`. With requests in flight as load:
 *
 * - most − least > 8: the least loaded;
 * - else of the replicas that hold some of the prompt the one with the highest match in whole percent, of equals the least loaded,
 *   among those whose load is at most mean + 1 standard deviation;
 * - the least loaded when that leaves nobody.
 *
 * The order is written into the scores: who may be followed is above ½, the others below it.
 */
export function aibrixPrefixCache(): Scorer {
  return {
    name: 'aibrix prefix cache',
    category: 'rule',
    readsPrefix: true,
    score(candidates, scores) {
      const { replicas } = candidates;
      let least = Number.POSITIVE_INFINITY;
      let most = 0;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < replicas.length; i++) {
        const { inFlight } = replicas[i]!;
        if (inFlight < least) least = inFlight;
        if (inFlight > most) most = inFlight;
        sum += inFlight;
        squares += inFlight * inFlight;
      }
      const mean = sum / replicas.length;
      const bar = mean + DEVIATIONS * Math.sqrt(Math.max(0, squares / replicas.length - mean * mean)) + 1e-9;
      const uneven = most - least > IMBALANCE;
      for (let i = 0; i < replicas.length; i++) {
        const { inFlight } = replicas[i]!;
        const lightness = 1 - inFlight / (most + 1);
        const percent = uneven || inFlight > bar ? 0 : percentHeld(candidates, i);
        scores[i] = percent > 0 ? 0.5 + (0.5 * (percent + lightness)) / 101 : 0.5 * lightness;
      }
      return 1;
    },
  };
}

/** Blocks of the prompt that a candidate holds, in whole percent of its blocks. */
function percentHeld({ request, replicas, match }: Candidates, at: number): number {
  if (match === undefined || match.deepest === 0) return 0;
  return Math.floor((100 * match.blocksOn(replicas[at]!.id)) / request.prefix.hashes.length);
}
