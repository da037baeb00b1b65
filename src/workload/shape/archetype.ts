import type { Heaviness } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';
import type { ArrivalShape } from './arrivals.js';
import type { LengthShape } from './lengths.js';
import type { PrefixReuse } from './prefix-reuse.js';
import type { SessionShape } from './sessions.js';

/** The three forms of a length distribution that the WRP architecture tells apart (`wrp.md` §1.1, its §4.5). */
export type LengthArchetype = 'concentrated-below' | 'dispersed' | 'concentrated-above';

/** What kind of workload a trace is, on each axis with the numbers that say so. */
export interface ArchetypeFinding {
  readonly name: LengthArchetype;
  readonly caller: 'chat' | 'agent' | 'unknown';
  readonly warmth: 'warm' | 'cold' | 'unknown';
  readonly heaviness: Heaviness;
  readonly arrivals: 'steady' | 'bursty' | 'unknown';
  readonly evidence: readonly string[];
}

/** The context below which chat stays: 80 to 95 in 100 of its requests have fewer tokens. */
export const SHORT_TOKENS: Tokens = 8192;
const MOSTLY_SHORT = 0.8;
/** Lengths vary more than this (squared coefficient of variation) when a long tail of them is part of the workload: Azure 0.97, LMSYS 4.1. */
const DISPERSED_CV2 = 2;
/** From so many turns a session on, most requests are steps of an agent and not somebody's questions. */
const AGENT_TURNS = 8;
const WARM_SHARE = 0.25;
/** Ratio of prompt to output tokens, as profiles of single requests have it. */
const PREFILL_HEAVY = 16;
const DECODE_HEAVY = 2;
const BURSTY = 2;

/**
 * The form of a length distribution.
 *
 * @param short share of requests of at most {@link SHORT_TOKENS}.
 * @param cv2 squared coefficient of variation of prompt and answer together.
 */
export function lengthArchetype(short: number, cv2: number): LengthArchetype {
  return short < MOSTLY_SHORT ? 'concentrated-above' : cv2 > DISPERSED_CV2 ? 'dispersed' : 'concentrated-below';
}

/** Finds the archetype of a workload from what was measured of it. */
export function archetypeOf(
  lengths: LengthShape,
  arrivals: ArrivalShape | undefined,
  reuse: PrefixReuse | undefined,
  sessions: SessionShape | undefined,
): ArchetypeFinding {
  const evidence: string[] = [];
  const short = lengths.totalCdf.find(([tokens]) => tokens === SHORT_TOKENS)?.[1] ?? 0;
  const { cv2, p50, p99 } = lengths.total;
  const name = lengthArchetype(short, cv2);
  evidence.push(
    `${percent(short)} of requests have at most ${SHORT_TOKENS} tokens in all (${percent(MOSTLY_SHORT)} divides short from long)`,
    `their squared coefficient of variation is ${cv2.toFixed(2)} (above ${DISPERSED_CV2}: dispersed); P50 ${p50}, P99 ${p99}`,
  );

  const ratio = lengths.prompt.mean / Math.max(1, lengths.output.mean);
  const heaviness = ratio >= PREFILL_HEAVY ? 'prefill' : ratio <= DECODE_HEAVY ? 'decode' : 'balanced';
  evidence.push(
    `${ratio.toFixed(1)} prompt tokens for each output token (${PREFILL_HEAVY} and more: prefill-heavy, ${DECODE_HEAVY} and less: decode-heavy)`,
  );

  const caller = sessions === undefined ? 'unknown' : sessions.turns.mean >= AGENT_TURNS ? 'agent' : 'chat';
  evidence.push(
    sessions === undefined
      ? 'neither sessions nor block hashes: chat and agent cannot be told apart'
      : `${sessions.turns.mean.toFixed(1)} turns a session, ${sessions.from} (${AGENT_TURNS} and more: agent)`,
  );

  const warm = reuse?.infinite ?? sessions?.laterTurns;
  const warmth = warm === undefined ? 'unknown' : warm >= WARM_SHARE ? 'warm' : 'cold';
  if (reuse !== undefined) {
    evidence.push(
      `${percent(reuse.infinite)} of prompt blocks were seen before (${percent(WARM_SHARE)} and more: warm)`,
    );
  } else if (warm !== undefined) evidence.push(`${percent(warm)} of requests are later turns of a session`);

  let steadiness: ArchetypeFinding['arrivals'] = 'unknown';
  if (arrivals !== undefined && arrivals.rate > 0) {
    const { interarrivalCv2, dispersionPerMinute } = arrivals;
    steadiness = interarrivalCv2 > BURSTY || dispersionPerMinute > BURSTY ? 'bursty' : 'steady';
    evidence.push(
      `gaps have a squared coefficient of variation of ${interarrivalCv2.toFixed(2)}, minutes a dispersion of ` +
        `${dispersionPerMinute.toFixed(1)} (1 for Poisson; above ${BURSTY}: bursty)`,
    );
  }
  return { name, caller, warmth, heaviness, arrivals: steadiness, evidence };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
