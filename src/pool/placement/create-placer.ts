import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import { customRule } from './custom-rule.js';
import type { Placer } from './placer.js';
import type { PrefixIndexOptions } from './prefix-index.js';
import { PrefixMemory } from './prefix-memory.js';
import { presetRule, RULE_NAMES, type RuleName } from './presets.js';
import { describePlacement, type PlacementSpec } from './schema.js';
import { ScoredPlacer } from './scored-placer.js';

export interface PlacerOptions extends PrefixIndexOptions {
  readonly random: Random;
  /** Blocks a replica's cache is taken to hold while nobody has said: 32,768 unless said. */
  readonly defaultBlocks?: number;
}

/** Every placement there is a name for. */
export const PLACERS = RULE_NAMES;
export type PlacerName = RuleName;

/** Most replicas that are scored for one request: enough that drawing them costs little quality (`docs/placement.md`). */
export const DEFAULT_CANDIDATES = 64;
/**
 * Blocks in flight do not age, and come to rest only when their request ends: so a cache remembers longer than its size says. Once
 * would cover what is in flight now; twice covers requests that stay longer than most.
 */
const BLOCKS_BEYOND_CACHE = 2;

/**
 * Makes a placer.
 *
 * @throws WeirError `config.unknown_reference` for a name that is none of {@link RULE_NAMES}.
 */
export function createPlacer(spec: PlacementSpec | RuleName | string, options: PlacerOptions): Placer {
  const custom = typeof spec === 'string' ? undefined : spec;
  const name = typeof spec === 'string' ? spec : spec.preset;
  const rule =
    custom?.scorers === undefined ? presetRule(known(name ?? 'prefix')) : customRule(custom.scorers, custom.picker);
  const reads = rule.scorers.some(({ readsPrefix }) => readsPrefix === true);
  const heat = rule.scorers.some(({ readsHeat }) => readsHeat === true);
  return new ScoredPlacer({
    name: custom === undefined ? String(spec) : describePlacement(custom),
    random: options.random,
    scorers: rule.scorers,
    picker: rule.picker,
    memory: reads ? new PrefixMemory({ ...options, beyond: BLOCKS_BEYOND_CACHE, heat }) : undefined,
    candidates: rule.bounded === false ? undefined : (custom?.candidates ?? DEFAULT_CANDIDATES),
  });
}

function known(name: string): RuleName {
  const found = RULE_NAMES.find(rule => rule === name);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No placement is called "${name}".`, {
    hint: `one of ${RULE_NAMES.join(', ')}`,
  });
}
