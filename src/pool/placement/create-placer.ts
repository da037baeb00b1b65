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
  readonly tune?: Partial<Tuning>;
}
export interface Tuning { pend: number; load: number; beyond: number }

export const PLACERS = ['prefix', 'max_prefix', 'least_load', 'power_of_two', 'round_robin'] as const;
export type PlacerName = (typeof PLACERS)[number];

export function createPlacer(name: string, options: PlacerOptions): Placer {
  return new ScoredPlacer({ name, random: options.random, ...partsOf(name, options) });
}

function partsOf(name: string, options: PlacerOptions): Omit<ScoredPlacerParts, 'name' | 'random'> {
  const t = { pend: 0.02, load: 0.02, beyond: 2, ...options.tune };
  switch (name) {
    case 'prefix':
      return {
        scorers: [prefixAffinity(), pendingPrefill(t.pend), inFlightTokens(t.load)],
        picker: maxScore(),
        memory: new PrefixMemory({ ...options, beyond: t.beyond }),
      };
    case 'max_prefix':
      return {
        scorers: [prefixAffinity()],
        picker: maxScore(),
        memory: new PrefixMemory({ ...options, beyond: 0 }),
      };
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
