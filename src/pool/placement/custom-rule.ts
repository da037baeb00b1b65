import type { Picker } from './picker.js';
import { maxScore } from './pickers/max-score.js';
import { powerOfTwo } from './pickers/power-of-two.js';
import { softmax } from './pickers/softmax.js';
import { weightedRandom } from './pickers/weighted-random.js';
import type { PlacementRule } from './presets.js';
import type { PickerSettings, ScorerSettings } from './schema.js';
import { type Scorer, weighted } from './scorer.js';
import { amortisedPrefix } from './scorers/amortised-prefix.js';
import { contextFit } from './scorers/context-fit.js';
import { energy } from './scorers/energy.js';
import { inFlightTokens } from './scorers/in-flight-tokens.js';
import { kvUse } from './scorers/kv-use.js';
import { latencyHeadroom } from './scorers/latency-headroom.js';
import { loraAffinity } from './scorers/lora-affinity.js';
import { noHitLru } from './scorers/no-hit-lru.js';
import { pendingPrefill } from './scorers/pending-prefill.js';
import { prefixAffinity } from './scorers/prefix-affinity.js';
import { queue } from './scorers/queue.js';
import { running } from './scorers/running.js';
import { sessionAffinity } from './scorers/session-affinity.js';
import { FULL_LOAD, tokenLoad } from './scorers/token-load.js';

/** The objective that headroom is measured against unless another is said. */
const DEFAULT_OBJECTIVE = { ttft: 500, tpot: 50 };

const MAKERS: { readonly [Name in keyof ScorerSettings]-?: (settings: ScorerSettings) => Scorer } = {
  prefix: prefixAffinity,
  amortised_prefix: amortisedPrefix,
  queue,
  running,
  kv_use: kvUse,
  token_load: ({ token_load: entry }) => tokenLoad(typeof entry === 'object' ? Math.max(1, entry.full) : FULL_LOAD),
  in_flight_tokens: () => inFlightTokens(1),
  pending_prefill: () => pendingPrefill(1),
  lora: loraAffinity,
  session: () => sessionAffinity(),
  context_fit: contextFit,
  headroom: ({ headroom: entry }) => {
    const { ttft, tpot } = typeof entry === 'object' ? entry : DEFAULT_OBJECTIVE;
    return latencyHeadroom({ ttftMs: ttft, tpotMs: tpot });
  },
  energy: ({ energy: entry }) => energy(typeof entry === 'object' ? entry.tokens_per_joule : undefined),
  no_hit_lru: noHitLru,
};

/** Names of the scorers that a configuration can weigh. */
export const SCORER_NAMES = Object.keys(MAKERS) as readonly (keyof ScorerSettings)[];

/** The rule of a list of scorers with their weights. */
export function customRule(settings: ScorerSettings, picker: PickerSettings = 'max'): PlacementRule {
  const scorers = SCORER_NAMES.flatMap(name => {
    const entry = settings[name];
    return entry === undefined ? [] : [weighted(MAKERS[name](settings), weightOf(entry))];
  });
  return { scorers, picker: pickerOf(picker) };
}

function weightOf(entry: number | { readonly weight: number }): number {
  return typeof entry === 'number' ? entry : entry.weight;
}

function pickerOf(picker: PickerSettings): Picker {
  if (typeof picker !== 'string') return softmax(picker.softmax);
  switch (picker) {
    case 'max':
      return maxScore();
    case 'weighted_random':
      return weightedRandom();
    case 'power_of_two':
      return powerOfTwo();
  }
}
