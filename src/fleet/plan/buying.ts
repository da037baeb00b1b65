import type { Usd } from '#contract/units.js';
import type { Catalogue } from '#fleet/catalogue.js';
import { type Offer, procure } from '#fleet/closed-form/procurement.js';
import type { PriceKind, PriceQuote } from '#pool/engine/catalogue/schema.js';
import { findGpu } from '#pool/engine/hardware.js';
import type { FleetReport, PoolReport } from './report.js';

/** How machines may be bought; a machine is one replica, whatever its GPUs. */
export interface BuyingWish {
  /** Probability that at any time as many replicas are up as the plan needs. */
  readonly target: number;
  /** Share of time that a machine on demand, or reserved, is up. */
  readonly up: number;
  /** Share of time that spot capacity is there and up; none is bought unless it is said. */
  readonly spotUp?: number | undefined;
  /** Whose prices alone; of every provider unless said. */
  readonly provider?: string | undefined;
}

/** What the machines of a fleet cost at one provider with enough spare ones. */
export interface Buying {
  readonly provider: string;
  readonly usd_per_hour: Usd;
  /** P(in every pool at least as many replicas are up as held in the twin). */
  readonly probability: number;
  readonly pools: readonly {
    readonly gpu: string;
    readonly tp: number;
    /** Replicas that held in the twin. */
    readonly needed: number;
    readonly machines: readonly {
      readonly kind: PriceKind;
      readonly count: number;
      /** Of one machine. */
      readonly usd_per_hour: Usd;
      readonly date: string;
    }[];
  }[];
}

/** 0.0065 failures a machine and day, repaired in four hours: what published planners take. */
export const DEFAULT_UP = 0.9989;
export const DEFAULT_TARGET = 0.999;

/**
 * The cheapest machines for a fleet at each provider that has a price for all its GPUs, the cheapest provider first: reserved, on demand and
 * spot, up to two kinds together in a pool ({@link procure}). Pools fail independently, so each is bought to the target's root.
 */
export function buyingOf(fleet: FleetReport, { gpus }: Catalogue, wish: BuyingWish): readonly Buying[] {
  const quotes = (gpu: string): readonly PriceQuote[] => findGpu(gpu, gpus).prices;
  const pooled = fleet.pools.flatMap(pool => (pool.prefill === null ? [pool] : [pool, pool.prefill]));
  const providers = new Set(pooled.flatMap(({ gpu }) => quotes(gpu).map(({ provider }) => provider)));
  const each = wish.target ** (1 / pooled.length);
  const found: Buying[] = [];
  for (const provider of providers) {
    if (wish.provider !== undefined && provider !== wish.provider.toLowerCase()) continue;
    const pools = pooled.map(pool =>
      boughtFor(
        pool,
        quotes(pool.gpu).filter(quote => quote.provider === provider),
        each,
        wish,
      ),
    );
    if (!pools.every(pool => pool !== undefined)) continue;
    found.push({
      provider,
      usd_per_hour: pools.reduce((sum, { usd }) => sum + usd, 0),
      probability: pools.reduce((product, { probability }) => product * probability, 1),
      pools: pools.map(({ bought }) => bought),
    });
  }
  return found.sort((a, b) => a.usd_per_hour - b.usd_per_hour);
}

interface Bought {
  readonly bought: Buying['pools'][number];
  readonly usd: Usd;
  readonly probability: number;
}

function boughtFor(
  { gpu, tp, replicas: needed }: Pick<PoolReport, 'gpu' | 'tp' | 'replicas'>,
  quotes: readonly PriceQuote[],
  target: number,
  { up, spotUp }: BuyingWish,
): Bought | undefined {
  const offers: Offer[] = [];
  const quoteOf = new Map<string, PriceQuote>();
  for (const quote of quotes) {
    const share = quote.kind === 'spot' ? spotUp : up;
    // The first of a kind is what is counted, as everywhere in the catalogue.
    if (share === undefined || quoteOf.has(quote.kind)) continue;
    quoteOf.set(quote.kind, quote);
    offers.push({ name: quote.kind, usdPerHour: tp * quote.usd_per_hour, up: share });
  }
  const purchase = procure(needed, offers, target);
  if (purchase === undefined) return undefined;
  const machines = purchase.machines.map(({ offer, count }) => {
    const { kind, usd_per_hour: usd, date } = quoteOf.get(offer)!;
    return { kind, count, usd_per_hour: tp * usd, date };
  });
  return {
    bought: { gpu, tp, needed, machines },
    usd: purchase.usdPerHour,
    probability: purchase.probability,
  };
}
