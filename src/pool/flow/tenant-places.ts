import type { Milliseconds } from '#contract/units.js';

/** Somebody who asked within this time may ask again at any moment: places are kept for them. */
const REMEMBERED_MS = 10_000;

/**
 * How many places of a pool each tenant has, and whether others are about: while they are, no tenant may have more than its share, so that
 * who comes seldom finds a place free. Memory is bounded by the places of the pool.
 */
export class TenantPlaces {
  private readonly taken = new Map<string, number>();
  /** The last two tenants to ask, and when each did. */
  private last: { tenant: string; at: Milliseconds } | undefined;
  private before: { tenant: string; at: Milliseconds } | undefined;

  /** A tenant asks for a place. */
  asked(tenant: string, now: Milliseconds): void {
    if (this.last?.tenant === tenant) {
      this.last.at = now;
      return;
    }
    this.before = this.last;
    this.last = { tenant, at: now };
  }

  took(tenant: string): void {
    this.taken.set(tenant, (this.taken.get(tenant) ?? 0) + 1);
  }

  gave(tenant: string): void {
    const places = (this.taken.get(tenant) ?? 0) - 1;
    if (places > 0) this.taken.set(tenant, places);
    else this.taken.delete(tenant);
  }

  /**
   * Whether a tenant has to leave the next free place to others: it has its share of `limit` places, and somebody else has some or asked
   * within the last 10 s.
   */
  mustWait(tenant: string, share: number, limit: number, now: Milliseconds): boolean {
    const own = this.taken.get(tenant) ?? 0;
    return own >= Math.max(1, Math.floor(share * limit)) && this.contested(tenant, now);
  }

  /** Whether others than a tenant have places or asked within the last 10 s: where none are about, nobody has to wait. */
  contested(tenant: string, now: Milliseconds): boolean {
    if (this.taken.size > (this.taken.has(tenant) ? 1 : 0)) return true;
    const other = this.last?.tenant === tenant ? this.before : this.last;
    return other !== undefined && other.tenant !== tenant && now - other.at <= REMEMBERED_MS;
  }
}
