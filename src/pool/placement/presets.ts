import type { Picker } from './picker.js';
import { inTurn } from './pickers/in-turn.js';
import { maxScore } from './pickers/max-score.js';
import { powerOfTwo } from './pickers/power-of-two.js';
import { aibrixPrefixCache } from './rules/aibrix-prefix-cache.js';
import { dynamoCost } from './rules/dynamo-cost.js';
import { sglangCacheAware } from './rules/sglang-cache-aware.js';
import type { PresetName } from './schema.js';
import { type Scorer, weighted } from './scorer.js';
import { amortisedPrefix } from './scorers/amortised-prefix.js';
import { inFlightTokens } from './scorers/in-flight-tokens.js';
import { kvUse } from './scorers/kv-use.js';
import { pendingPrefill } from './scorers/pending-prefill.js';
import { prefixAffinity } from './scorers/prefix-affinity.js';
import { queue } from './scorers/queue.js';

/** What a placement judges by, and who of the judged it takes. */
export interface PlacementRule {
  readonly scorers: readonly Scorer[];
  readonly picker: Picker;
  /** False where every replica must be seen whatever their number. */
  readonly bounded?: false;
}

/** `max_prefix` and `whole_prefix` are there to compare with, not to be used: they have no place in a configuration. */
export type RuleName = PresetName | 'max_prefix' | 'whole_prefix';

/**
 * What a token of imbalance is worth in tokens of prefill, for the default. Low, because sending a conversation elsewhere costs its
 * whole prefix again, and later turns too while both copies are cached; `docs/placement.md` has the measurements.
 */
const QUEUED_TOKEN = 0.03;
const IN_FLIGHT_TOKEN = 0.003;

const RULES: Readonly<Record<RuleName, () => PlacementRule>> = {
  prefix: () => ({
    scorers: [amortisedPrefix(), pendingPrefill(QUEUED_TOKEN), inFlightTokens(IN_FLIGHT_TOKEN)],
    picker: maxScore(),
  }),
  whole_prefix: () => ({
    scorers: [prefixAffinity(), pendingPrefill(QUEUED_TOKEN), inFlightTokens(IN_FLIGHT_TOKEN)],
    picker: maxScore(),
  }),
  max_prefix: () => ({ scorers: [prefixAffinity()], picker: maxScore() }),
  least_load: () => ({ scorers: [inFlightTokens(1)], picker: maxScore() }),
  power_of_two: () => ({ scorers: [inFlightTokens(1)], picker: powerOfTwo() }),
  round_robin: () => ({ scorers: [], picker: inTurn(), bounded: false }),
  // The default profile of the endpoint picker: S = 2·queue + 2·kv + 3·prefix.
  llm_d: () => ({
    scorers: [weighted(queue(), 2), weighted(kvUse(), 2), weighted(prefixAffinity(), 3)],
    picker: maxScore(),
  }),
  dynamo: () => ({ scorers: [dynamoCost()], picker: maxScore() }),
  sglang: () => ({ scorers: [sglangCacheAware()], picker: maxScore() }),
  aibrix: () => ({ scorers: [aibrixPrefixCache()], picker: maxScore() }),
};

export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];

export function presetRule(name: RuleName): PlacementRule {
  return RULES[name]();
}
