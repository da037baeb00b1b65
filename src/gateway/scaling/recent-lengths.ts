import type { DecisionRecord } from '#contract/record.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';

/** Requests of a pool whose lengths are kept: the last so many. */
const KEPT = 512;

/** Lengths of the last requests that each pool answered, and how much of their prompts caches spared. */
export class RecentLengths {
  private readonly pools = new Map<string, { readonly ring: RequestLengths[]; next: number }>();

  observe({ outcome }: DecisionRecord): void {
    const { status, pool, usage } = outcome;
    if (status !== 'answered' || pool === '' || usage === undefined || !(usage.promptTokens >= 1)) return;
    let kept = this.pools.get(pool);
    if (kept === undefined) {
      kept = { ring: [], next: 0 };
      this.pools.set(pool, kept);
    }
    kept.ring[kept.next] = {
      promptTokens: usage.promptTokens,
      outputTokens: usage.completionTokens,
      cachedTokens: usage.cachedTokens,
    };
    kept.next = (kept.next + 1) % KEPT;
  }

  of(pool: string): readonly RequestLengths[] {
    return this.pools.get(pool)?.ring ?? [];
  }

  /** Forgets pools that are no more. */
  keepOnly(pools: Readonly<Record<string, unknown>>): void {
    for (const name of this.pools.keys()) if (!(name in pools)) this.pools.delete(name);
  }
}
