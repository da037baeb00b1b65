import { cheapest } from './cheapest.js';
import { latency } from './latency.js';
import { multiFactor } from './multi-factor.js';
import type { SelectorType } from './selector-type.js';
import { staticOrder } from './static.js';
import { weighted } from './weighted.js';

/** Every way of choosing among models. A new one is a file of its own and a line here. */
export const SELECTOR_TYPES: readonly SelectorType[] = [staticOrder, weighted, cheapest, latency, multiFactor];

const BY_TYPE: ReadonlyMap<string, SelectorType> = new Map(SELECTOR_TYPES.map(type => [type.type, type]));

/** The way of choosing of this name. */
export function selectorType(type: string): SelectorType | undefined {
  return BY_TYPE.get(type);
}
