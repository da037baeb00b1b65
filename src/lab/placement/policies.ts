import { WeirError } from '#contract/errors.js';
import type { PlacerName } from '#pool/placement/create-placer.js';

/** Policies of the bench by name; `weir` is the default of live pools, the others are its presets, `max_prefix` and `whole_prefix` controls: the longest match alone, and the default without copies of hot prefixes. */
export const POLICIES: Readonly<Record<string, PlacerName>> = {
  weir: 'prefix',
  max_prefix: 'max_prefix',
  whole_prefix: 'whole_prefix',
  least_load: 'least_load',
  power_of_two: 'power_of_two',
  round_robin: 'round_robin',
  llm_d: 'llm_d',
  dynamo: 'dynamo',
  sglang: 'sglang',
  aibrix: 'aibrix',
};

/** Those that are compared unless others are named: without {@link POLICIES}' `whole_prefix`, which is like `weir` where nothing is hot. */
export const USUAL_POLICIES: readonly string[] = Object.keys(POLICIES).filter(name => name !== 'whole_prefix');

/** @throws WeirError `usage.invalid` for an unknown policy. */
export function placerOf(policy: string): PlacerName {
  const placer = Object.hasOwn(POLICIES, policy) ? POLICIES[policy] : undefined;
  if (placer !== undefined) return placer;
  throw new WeirError('usage.invalid', `No policy is called "${policy}".`, {
    hint: `one of ${Object.keys(POLICIES).join(', ')}`,
  });
}
