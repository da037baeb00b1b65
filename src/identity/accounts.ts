import type { SubjectKind } from '#contract/identity.js';
import type { Spend, SpendDelta } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { Account, type AlertListener } from './account.js';
import type { Meter } from './meter.js';

/**
 * All accounts of this process. Those of entities stay; one of a user who is known only from a token goes when nothing is in flight
 * and everything is written down, so that there are never more than entities, open requests and one batch together.
 */
export class Accounts {
  private readonly byKind: Readonly<Record<SubjectKind, Map<string, Account>>> = {
    key: new Map(),
    team: new Map(),
    user: new Map(),
  };
  private dirty = new Set<Account>();

  constructor(
    private readonly onAlert: AlertListener,
    private readonly counters?: SharedCounters,
  ) {}

  of(kind: SubjectKind, id: string): Account {
    const accounts = this.byKind[kind];
    const known = accounts.get(id);
    if (known !== undefined) return known;
    const account = new Account(kind, id, this.counters);
    accounts.set(id, account);
    return account;
  }

  spend(account: Account, now: Milliseconds, used: Spend): void {
    account.spend(now, used, this.onAlert);
    this.dirty.add(account);
  }

  /** Whether something is still to be written down. */
  get waiting(): boolean {
    return this.dirty.size > 0;
  }

  /** Everything that is still to be written down, handed over. */
  drain(): SpendDelta[] {
    const deltas: SpendDelta[] = [];
    for (const account of this.dirty) account.drain(deltas);
    this.dirty = new Set();
    return deltas;
  }

  /** Lets go of accounts that no entity and no open request needs. */
  sweep(isKept: (kind: SubjectKind, id: string) => boolean): void {
    for (const accounts of Object.values(this.byKind)) {
      for (const [id, account] of accounts) {
        if (account.idle && account.meters.length === 0 && !isKept(account.kind, id)) accounts.delete(id);
      }
    }
  }

  /** Every budget that is counted here. */
  meters(): Meter[] {
    return Object.values(this.byKind).flatMap(accounts => [...accounts.values()].flatMap(({ meters }) => meters));
  }

  get size(): number {
    return this.byKind.key.size + this.byKind.team.size + this.byKind.user.size;
  }
}
