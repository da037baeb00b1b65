import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import { inTurn } from './pickers/in-turn.js';
import { maxScore } from './pickers/max-score.js';
import { powerOfTwo } from './pickers/power-of-two.js';
import type { Placer } from './placer.js';
import type { PrefixIndexOptions } from './prefix-index.js';
import { PrefixMemory } from './prefix-memory.js';
import { ScoredPlacer, type ScoredPlacerParts } from './scored-placer.js';
import { inFlightTokens } from './scorers/in-flight-tokens.js';
import { pendingPrefill } from './scorers/pending-prefill.js';
import { prefixAffinity } from './scorers/prefix-affinity.js';

export interface PlacerOptions extends PrefixIndexOptions {
  readonly random: Random;
  /** Blocks a replica's cache is taken to hold while nobody has said: 32,768 unless said. */
  readonly defaultBlocks?: number;
}

/** Ways to place. `prefix` is the default; `max_prefix` is there to compare with, not to be used. */
export const PLACERS = ['prefix', 'max_prefix', 'least_load', 'power_of_two', 'round_robin'] as const;
export type PlacerName = (typeof PLACERS)[number];

/**
 * What a token of imbalance is worth in tokens of prefill, for the default. Low, because sending a conversation elsewhere costs its
 * whole prefix again, and later turns too while both copies are cached; `docs/placement.md` has the measurements.
 */
const QUEUED_TOKEN = 0.03;
const IN_FLIGHT_TOKEN = 0.01;
/**
 * Blocks in flight do not age, and come to rest only when their request ends: so a cache remembers longer than its size says. Once
 * would cover what is in flight now; twice covers requests that stay longer than most.
 */
const BLOCKS_BEYOND_CACHE = 2;

/**
 * Makes a placer.
 *
 * @throws WeirError `config.unknown_reference` for a name that is not one of {@link PLACERS}.
 */
export function createPlacer(name: string, options: PlacerOptions): Placer {
  return new ScoredPlacer({ name, random: options.random, ...partsOf(name, options) });
}

function partsOf(name: string, options: PlacerOptions): Omit<ScoredPlacerParts, 'name' | 'random'> {
  switch (name) {
    case 'prefix':
      return {
        scorers: [prefixAffinity(), pendingPrefill(QUEUED_TOKEN), inFlightTokens(IN_FLIGHT_TOKEN)],
        picker: maxScore(),
        memory: new PrefixMemory({ ...options, beyond: BLOCKS_BEYOND_CACHE }),
      };
    case 'max_prefix':
      return { scorers: [prefixAffinity()], picker: maxScore(), memory: new PrefixMemory({ ...options, beyond: 0 }) };
    case 'least_load':
      return { scorers: [inFlightTokens(1)], picker: maxScore() };
    case 'power_of_two':
      return { scorers: [inFlightTokens(1)], picker: powerOfTwo() };
    case 'round_robin':
      return { scorers: [], picker: inTurn() };
    default:
      throw new WeirError('config.unknown_reference', `No placement is called "${name}".`, {
        hint: `one of ${PLACERS.join(', ')}`,
      });
  }
}
