import type { Usd } from '#contract/units.js';

/** A way to have machines: on demand, reserved, spot. */
export interface Offer {
  readonly name: string;
  readonly usdPerHour: Usd;
  /** Share of time that such a machine is there and up, each independently. */
  readonly up: number;
  /** Most that can be had; any number unless said. */
  readonly most?: number;
}

export interface Purchase {
  readonly machines: readonly { readonly offer: string; readonly count: number }[];
  readonly usdPerHour: Usd;
  /** P(at least as many as are needed are up). */
  readonly probability: number;
}

/** Machines beyond twice the need are never looked at: an offer that is up less than half of the time buys no certainty. */
const MOST_OVER_NEED = 2;
const SPARE = 32;

/**
 * The cheapest machines of which at least `needed` are up with probability `target`, of one offer or of two together: cheap ones that come and go over a
 * floor of sure ones. The number that are up of each is binomial; of both their sums. Machines that share a cause of failure (a zone, a price of
 * spot capacity) are no more independent than that.
 */
export function procure(needed: number, offers: readonly Offer[], target: number): Purchase | undefined {
  const most = MOST_OVER_NEED * needed + SPARE;
  const limit = (offer: Offer) => Math.min(most, offer.most ?? most);
  let best: Purchase | undefined;
  for (const [i, first] of offers.entries()) {
    for (const second of [undefined, ...offers.slice(i + 1)]) {
      for (let beside = 0; beside <= (second === undefined ? 0 : limit(second)); beside++) {
        const floor = beside * (second?.usdPerHour ?? 0);
        if (best !== undefined && floor >= best.usdPerHour) break;
        const others = second === undefined ? NOBODY : binomial(beside, second.up);
        const count = fewestBeside(needed, first, limit(first), others, target);
        if (count === undefined) continue;
        const usdPerHour = floor + count * first.usdPerHour;
        if (best !== undefined && usdPerHour >= best.usdPerHour) continue;
        const both = [
          { offer: first.name, count },
          { offer: second?.name ?? '', count: beside },
        ];
        const probability = enough(needed, binomial(count, first.up), others);
        best = { machines: both.filter(one => one.count > 0), usdPerHour, probability };
      }
    }
  }
  return best;
}

/** The fewest of an offer with which, beside the others, enough are up. */
function fewestBeside(
  needed: number,
  offer: Offer,
  most: number,
  others: Float64Array,
  target: number,
): number | undefined {
  const holds = (count: number) => enough(needed, binomial(count, offer.up), others) >= target;
  if (!holds(most)) return undefined;
  let low = -1;
  let high = most;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** P(A + B ≥ needed) of two independent counts, given the probability of each value. */
function enough(needed: number, a: Float64Array, b: Float64Array): number {
  // P(A ≥ k) from the top, so that small tails are not lost in ones.
  const tail = new Float64Array(a.length + 1);
  for (let k = a.length - 1; k >= 0; k--) tail[k] = tail[k + 1]! + a[k]!;
  let sum = 0;
  for (let k = 0; k < b.length; k++) sum += b[k]! * (tail[Math.min(a.length, Math.max(0, needed - k))] ?? 0);
  return Math.min(1, sum);
}

/** The count of an offer that is not used: always 0. */
const NOBODY = Float64Array.of(1);

/** Probabilities that 0, 1, … of `count` are up. */
function binomial(count: number, up: number): Float64Array {
  const values = new Float64Array(count + 1);
  if (up >= 1) values[count] = 1;
  else if (up <= 0) values[0] = 1;
  else {
    const odds = Math.log(up) - Math.log1p(-up);
    let log = count * Math.log1p(-up);
    for (let k = 0; k <= count; k++) {
      values[k] = Math.exp(log);
      log += Math.log((count - k) / (k + 1)) + odds;
    }
  }
  return values;
}
