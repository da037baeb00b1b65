import type { EngineProfile } from '#pool/engine/profile.js';
import { type Demand, lastState, type SteadyState, stateAtRate } from './steady-state.js';

/** Share of KV blocks that an engine under pressure holds: the rest is what the next prompt in line does not fit into. */
const FILLED = 0.985;
/** How much more seldom sequences are preempted the more of them end in an iteration: fitted on ten cases (`docs/planning.md`). */
const EASED = 2;

/**
 * Preemptions for each request when work never ends. Whoever ends frees prompt + answer, and what the others grow by until the next ends, which is
 * the answer's length, would have to come from there; but the line is admitted as soon as a prompt fits, so the room is gone and the last
 * admitted has to leave again: answer / prompt times a request if one ends at a time, the less the more end in each iteration,
 *
 *     φ = (answer / prompt) / (1 + 2ν),   ν = sequences / answer
 *
 * None where the limit is the number of sequences and not the memory.
 */
export function preemptionsPerRequest(profile: EngineProfile, { moments }: Demand): number {
  const answer = moments.output / moments.count;
  const sequences = (FILLED * profile.totalBlocks * profile.blockTokens) / heldBySequence(profile, moments);
  if (sequences >= mostSequences(profile)) return 0;
  return moments.output / moments.prompt / (1 + (EASED * sequences) / answer);
}

/**
 * The most requests a second that one replica keeps up with: the state in which sequences, token budget or KV blocks are used up, with the
 * prompts of preempted sequences computed again.
 */
export function replicaCapacity(profile: EngineProfile, demand: Demand, halvings?: number): number {
  if (demand.moments.count === 0) return Number.POSITIVE_INFINITY;
  const rework = 1 + preemptionsPerRequest(profile, demand);
  const fitting = (state: SteadyState) => fits(profile, demand, state);
  return lastState(profile, { ...demand, rework }, fitting, halvings)?.rate ?? 0;
}

/**
 * The steady state of one replica at so many requests a second; `undefined` where there is none that fits: then work comes faster than it
 * is done. Below capacity memory is not used up, and nobody is preempted.
 */
export function steadyState(
  profile: EngineProfile,
  demand: Demand,
  rate: number,
  capacity = replicaCapacity(profile, demand),
): SteadyState | undefined {
  return rate > capacity ? undefined : stateAtRate(profile, demand, rate);
}

/** Sequences hold what they have so far on average, and prompts on their way in are half computed. */
function fits(
  profile: EngineProfile,
  { moments }: Demand,
  { rate, iterationMs, decoding, budget }: SteadyState,
): boolean {
  const { totalBlocks, blockTokens } = profile;
  const inPrefill = ((rate / 1000) * iterationMs * moments.freshSquares) / (2 * budget * moments.count);
  return (
    decoding <= mostSequences(profile) &&
    decoding * heldBySequence(profile, moments) + inPrefill <= FILLED * totalBlocks * blockTokens
  );
}

/** KV tokens of a decoding sequence, averaged over its time, the last block half full. */
function heldBySequence({ blockTokens }: EngineProfile, { held, output }: Demand['moments']): number {
  return held / output + blockTokens / 2;
}

function mostSequences({ maxSequences, maxBatchedTokens }: EngineProfile): number {
  return Math.min(maxSequences, maxBatchedTokens - 1);
}
