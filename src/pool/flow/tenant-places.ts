import type { Milliseconds } from '#contract/units.js';
import { Holders } from './holders.js';

/** Somebody who asked within this time may ask again at any moment: places are kept for them. */
const REMEMBERED_MS = 10_000;

/**
 * Who has places of a pool, and whether others are about: while they are, no tenant may have more than its share, so that who comes seldom
 * finds a place free. Memory is bounded by the places of the pool.
 */
export class TenantPlaces {
  /** Of the pool's requests, wherever they run: on replicas that are out or have left the pool, too. */
  readonly holders = new Holders();
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

  /** Whether others than a tenant have places or asked within the last 10 s: where none are about, nobody has to wait. */
  contested(tenant: string, now: Milliseconds): boolean {
    if (this.holders.size > (this.holders.of(tenant) > 0 ? 1 : 0)) return true;
    const other = this.last?.tenant === tenant ? this.before : this.last;
    return other !== undefined && other.tenant !== tenant && now - other.at <= REMEMBERED_MS;
  }

  /** When the next of those who asked is forgotten, and others may perhaps have more; `undefined` when nobody is remembered. */
  forgetsAt(now: Milliseconds): Milliseconds | undefined {
    let next: Milliseconds | undefined;
    for (const asked of [this.last, this.before]) {
      if (asked === undefined || now - asked.at > REMEMBERED_MS) continue;
      const at = asked.at + REMEMBERED_MS + 1;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }
}

/** Whether a tenant with so many of `limit` places has its share of them. One place it may always have. */
export function hasItsShare(own: number, share: number, limit: number): boolean {
  return own >= Math.max(1, Math.floor(share * limit));
}
