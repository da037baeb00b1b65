// Long because: who calls, what they may use and who changed what are answered from one memory, which the store follows; its rules stand in files of their own.
import type { AuditEntry } from '#contract/audit.js';
import type { Cancel, Clock } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Budget, SubjectRef, Versioned } from '#contract/identity.js';
import { ALL_TIME, type IdentityStore, type SpendDelta } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { Accounts } from './accounts.js';
import { Admission } from './admission.js';
import { Authenticator, type Shown } from './authenticator.js';
import { Directory } from './directory.js';
import { type Doer, Governance } from './governance.js';
import type { Grant } from './grant.js';
import type { KnownModels } from './key-checks.js';
import { takeRequest } from './limits.js';
import type { Meter } from './meter.js';
import { fromNano } from './money.js';
import { ownerOf } from './owners.js';
import { patiently } from './patience.js';
import { may, mayInfer } from './roles.js';
import type { AuthConfig } from './schema.js';
import { machineSecretBytes, type SecretBytes } from './secret.js';
import type { IssuedKey } from './shown-key.js';
import { type FetchJson, TokenVerifier } from './token-verifier.js';
import { type SpendJournal, WriteBehind } from './write-behind.js';

/** A budget that runs low. */
export interface BudgetAlert extends SubjectRef {
  readonly budget: string;
  /** The share of the amount that was crossed. */
  readonly share: number;
  readonly spent: number;
  readonly amount: number;
}

/** A budget as it stands now, in USD or tokens. */
export interface BudgetState extends SubjectRef {
  readonly unit: Budget['unit'];
  readonly window: Budget['window'];
  readonly timeZone: string;
  readonly amount: number;
  readonly spent: number;
  /** Held back for requests in flight. */
  readonly reserved: number;
  readonly resetAt: Milliseconds | null;
}

export interface IdentityPorts {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly fetchJson: FetchJson;
  readonly secretBytes?: SecretBytes;
  /** The models that there are now; where nobody says, keys may be made for any. */
  readonly models?: () => KnownModels;
  readonly onAlert?: (alert: BudgetAlert) => void;
  /** Told when something could not be read or written behind. */
  readonly onError?: (error: unknown) => void;
  /** Told when the keys of an issuer of tokens cannot be read; at most every 30 s for each. */
  readonly onIssuerError?: (error: WeirError) => void;
  /** Keeps what cannot be written when the process ends. */
  readonly journal?: SpendJournal;
  /** How often spending is written down; 250 ms unless said. What a crash can lose. */
  readonly flushEveryMs?: Milliseconds;
  /** How often other processes' changes are looked for; 1 s unless said. */
  readonly refreshEveryMs?: Milliseconds;
  /** What limits and budgets are shared by with other processes. */
  readonly counters?: SharedCounters | undefined;
  /** Told of every change made here once it is in force here: others are to look for it now. Awaited before the change is answered. */
  readonly onChange?: () => Promise<void>;
}

/** Spending by quarters of an hour is kept for a little over three months: longer than any window but `total`, which has its own sum. */
const KEEP_SPEND: Milliseconds = 100 * 24 * 3_600_000;
const SWEEP_EVERY: Milliseconds = 60_000;
const PAGE = 1000;
/** Once a second: until a memory that was lost has been told by all, and what they spent meanwhile is written. */
const REREADS = 3;
/** What is done by the process itself, before there is anyone to do it. */
export const SYSTEM: Doer = {
  principal: { kind: 'bootstrap', id: 'system', name: 'Weir', role: 'admin' },
  actor: { kind: 'system', id: 'system' },
};

/**
 * Identity and governance of one process: who calls, what they may do, how much they may use, and what was changed by whom. Decides
 * in memory and at once; the store is read at start and written behind.
 */
export class Identity {
  readonly directory: Directory;
  readonly accounts: Accounts;
  readonly governance: Governance;
  private readonly authenticator: Authenticator;
  private readonly verifier: TokenVerifier;
  private readonly behind: WriteBehind;
  private seen = 0;
  private heard = true;
  /** Budgets that were put in force without what was spent of them, which could not be read. */
  private readonly unread = new Set<Meter>();
  private stopRefreshing: Cancel | undefined;
  private sweptAt = 0;
  private closed = false;
  private refreshing: Promise<void> = Promise.resolve();
  /** Budgets whose ledger is to be read once more: others may have written to it what they had not yet told, or told and not yet written. */
  private fresh: Meter[] = [];
  private around = { processes: 1, settled: false };
  /** How many more times all ledgers are to be read again, after others were lost. */
  private rereads = 0;
  private readonly refusals = new Map<string, number>();
  private alerts = 0;

  /** @param config settings in force; see {@link Identity.configure}. Use {@link openIdentity}. */
  constructor(
    private config: AuthConfig,
    private readonly ports: IdentityPorts,
  ) {
    const { store, clock } = ports;
    this.accounts = new Accounts((account, meter, share) => {
      this.alerts++;
      const now = clock.wall();
      const { kind, id } = account;
      const { window } = meter.budget;
      ports.onAlert?.({ kind, id, budget: window, share, spent: meter.spent(now), amount: meter.amount(now) });
    }, ports.counters);
    this.directory = new Directory(this.accounts);
    this.verifier = new TokenVerifier(config.jwt, ports.fetchJson, clock, error => ports.onIssuerError?.(error));
    this.authenticator = new Authenticator(this.directory, clock, this.authenticatorOptions());
    const secretBytes = ports.secretBytes ?? machineSecretBytes;
    this.behind = new WriteBehind({
      store,
      accounts: this.accounts,
      clock,
      writer: Buffer.from(secretBytes(16)).toString('hex'),
      journal: ports.journal,
      everyMs: ports.flushEveryMs ?? 250,
      counters: ports.counters,
      onError: error => ports.onError?.(error),
    });
    this.governance = new Governance({
      store,
      clock,
      secretBytes,
      models: ports.models,
      applied: (entry, audit) => this.applied(entry, audit),
    });
  }

  /** What limits and budgets are shared by, where there are other processes. */
  get sharing(): SharedCounters | undefined {
    return this.ports.counters;
  }

  get settings(): AuthConfig {
    return this.config;
  }

  /** Reads everything there is, and begins to write behind and to look for changes. */
  async start(): Promise<void> {
    const { store } = this.ports;
    await this.behind.takeOver();
    this.seen = await store.auditHead();
    const entries = await store.load();
    await this.restore(entries.flatMap(entry => this.enter(entry)));
    if (this.unread.size > 0) throw new WeirError('store.unavailable', 'What was spent cannot be read');
    this.behind.start();
    this.planRefresh();
    // One that is under way may have looked already: after it once more.
    store.watch?.(() => {
      const before = this.refreshing?.catch(() => undefined);
      void Promise.resolve(before)
        .then(() => this.refresh())
        .catch(() => undefined);
    });
  }

  /** Puts other settings in force, as far as they concern issuers, admin key and policies. */
  configure(config: AuthConfig): void {
    this.config = config;
    this.verifier.configure(config.jwt);
    this.authenticator.configure(this.authenticatorOptions());
  }

  /** Says who a caller is. A promise only for a token not seen lately. */
  authenticate(shown: Shown): Grant | WeirError | Promise<Grant | WeirError> {
    const result = this.authenticator.authenticate(shown);
    if (result instanceof Promise) return result.then(settled => this.noted(settled));
    return this.noted(result);
  }

  /**
   * Begins a request for inference: takes its place under the limits. What comes back must be settled or abandoned. A promise only
   * where other processes may have to give up what they claim.
   */
  admit(grant: Grant): Admission | WeirError | Promise<Admission | WeirError> {
    const { principal, accounts } = grant;
    if (!mayInfer(principal.role)) {
      return this.noted(
        new WeirError('auth.role', `The role ${principal.role} may not ask models`, { hint: 'the role user' }),
      );
    }
    const { clock, counters } = this.ports;
    const refusal = patiently(counters, clock, () => takeRequest(accounts, clock.wall()));
    return refusal instanceof Promise
      ? refusal.then(settled => this.admitted(grant, settled))
      : this.admitted(grant, refusal);
  }

  private admitted(grant: Grant, refusal: WeirError | undefined): Admission | WeirError {
    if (refusal !== undefined) return this.noted(refusal);
    const { principal } = grant;
    if (principal.kind === 'key') this.behind.used(principal.id, this.ports.clock.wall());
    return new Admission(grant, this.accounts, this.ports);
  }

  /** Counts a refusal, for the metrics. */
  noted<T>(result: T | WeirError): T | WeirError {
    if (isWeirError(result)) this.refusals.set(result.code, (this.refusals.get(result.code) ?? 0) + 1);
    return result;
  }

  /** How often each code of refusal was given. */
  get refused(): ReadonlyMap<string, number> {
    return this.refusals;
  }

  /** How many budgets crossed one of their alert shares. */
  get alerted(): number {
    return this.alerts;
  }

  /** Makes the first admin key when there is no other way to get in. @returns its secret, to be shown once. */
  async bootstrap(): Promise<IssuedKey | undefined> {
    const hasAdmin = this.directory
      .all('key')
      .some(key => key.role === 'admin' && key.revokedAt === undefined && !key.disabled);
    if (hasAdmin || this.config.admin_key !== undefined) return undefined;
    return this.governance.createKey(SYSTEM, { name: 'first admin key', role: 'admin' });
  }

  /** Every budget that someone may see, as it stands: USD or tokens. */
  budgets({ principal }: Doer): BudgetState[] {
    const now = this.ports.clock.wall();
    const states: BudgetState[] = [];
    for (const kind of ['team', 'user', 'key'] as const) {
      for (const entity of this.directory.all(kind)) {
        const owner = ownerOf({ kind, version: 0, entity } as Versioned);
        if (entity.budgets.length === 0 || !may(principal, `${kind}.read`, owner)) continue;
        for (const meter of this.accounts.of(kind, entity.id).meters) states.push(stateOf(meter, now));
      }
    }
    return states;
  }

  /** Resolves, when everything settled so far is durable, with true; with false when that had to be put off. */
  flush(): Promise<boolean> {
    return this.behind.flush();
  }

  /** Whether the store answered when it was last asked. While it does not, everyone who is known goes on. */
  get reachable(): boolean {
    return this.heard && !this.behind.behind;
  }

  /** What was spent and is not known to be written. A request counts for its key, its user and its team. */
  get unwritten(): Iterable<SpendDelta> {
    return this.behind.waiting();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopRefreshing?.();
    if (!(await this.behind.close())) this.ports.onError?.(this.lost());
    await this.ports.store.close();
  }

  private authenticatorOptions() {
    const { config, verifier } = this;
    return { adminKey: config.admin_key, proxy: config.proxy, verifier };
  }

  /** A change of this process, durable: in force from here on. */
  private async applied(entry: Versioned, audit: AuditEntry): Promise<void> {
    // The rows of other processes that may lie between are still to be read.
    if (audit.seq === this.seen + 1) this.seen = audit.seq;
    await this.restore(this.enter(entry));
    await this.ports.onChange?.();
  }

  private lost(): WeirError {
    const sums = { key: 0, team: 0, user: 0 };
    for (const { kind, nanoUsd } of this.unwritten) sums[kind] += nanoUsd;
    const usd = fromNano(Math.max(...Object.values(sums)));
    return new WeirError('store.unavailable', `Spending of ${usd} USD could not be written and is lost`);
  }

  /** Puts an entity in force at once. @returns its budgets that are new, to be {@link restore}d. */
  private enter(entry: Versioned): Meter[] {
    const known = this.directory.get(entry.kind, entry.entity.id);
    if (known !== undefined && known.version >= entry.version) return [];
    this.directory.put(entry);
    const account = this.accounts.of(entry.kind, entry.entity.id);
    const { budgets } = entry.entity;
    const meters = account.metersFor(budgets);
    const fresh = meters.filter(meter => !account.meters.includes(meter));
    account.meters = meters;
    meters.forEach((meter, at) => {
      const budget = budgets[at];
      if (budget !== undefined && meter.budget !== budget) meter.change(budget);
    });
    if (this.ports.counters !== undefined) this.fresh.push(...fresh);
    return fresh;
  }

  /**
   * Has budgets count what the ledger says was spent of them before, here and elsewhere. Those of which it cannot be read know only
   * what they have seen themselves, until it can.
   */
  private async restore(meters: readonly Meter[]): Promise<void> {
    if (meters.length === 0) return;
    const { store, clock, counters } = this.ports;
    // What others have counted must be known, or it would be counted twice.
    if (counters !== undefined) {
      for (const meter of meters) meter.counted(clock.wall());
      await this.flush();
      await counters.exchange();
    }
    // All in one turn: what is settled before is written down before the store reads, what is settled after is counted by the meter.
    const flushed = this.flush();
    const now = clock.wall();
    const reads = meters.map(meter => {
      const start = meter.startOf(now);
      return {
        meter,
        start,
        counted: meter.counted(now),
        spent: store.spent(meter.owner, Number.isFinite(start) ? start : ALL_TIME),
      };
    });
    const [complete, spent] = await Promise.all([flushed, Promise.allSettled(reads.map(read => read.spent))]);
    reads.forEach(({ meter, start, counted }, at) => {
      const read = spent[at]!;
      if (!complete || read.status === 'rejected') {
        this.unread.add(meter);
        return;
      }
      this.unread.delete(meter);
      const { nanoUsd, promptTokens, completionTokens } = read.value;
      const used = meter.budget.unit === 'usd' ? nanoUsd : promptTokens + completionTokens;
      meter.restore(clock.wall(), start, used, counted, counters?.settled);
    });
  }

  private planRefresh(): void {
    if (this.closed) return;
    this.stopRefreshing = this.ports.clock.after(this.ports.refreshEveryMs ?? 1000, () => {
      void this.keepUp()
        .catch((error: unknown) => this.ports.onError?.(error))
        .finally(() => this.planRefresh());
    });
  }

  /** Takes over what other processes changed: the audit log tells what that is. */
  refresh(): Promise<void> {
    // One after the other: whoever asks now is to have everything that is written by now.
    this.refreshing = this.refreshing
      .catch(() => {})
      .then(() => this.lookForChanges())
      .then(
        () => {
          this.heard = true;
        },
        (error: unknown) => {
          this.heard = false;
          throw error;
        },
      );
    return this.refreshing;
  }

  private async lookForChanges(): Promise<void> {
    const { store } = this.ports;
    while ((await store.auditHead()) > this.seen) {
      const rows = await store.audit({ after: this.seen, limit: PAGE });
      for (const { target, seq } of rows) {
        if (target.kind === 'key' || target.kind === 'team' || target.kind === 'user') {
          const entry = await store.find({ kind: target.kind, id: target.id });
          if (entry !== undefined) await this.restore(this.enter(entry));
        }
        this.seen = Math.max(this.seen, seq);
      }
      if (rows.length === 0) break;
    }
    // What could not be read when it was put in force.
    await this.restore([...this.unread]);
  }

  /** What is done now and then, whether anything has changed or not. */
  private async keepUp(): Promise<void> {
    await this.refresh();
    const { store, clock, counters } = this.ports;
    if (counters !== undefined) {
      const { processes, settled } = counters;
      const { fresh, around } = this;
      this.fresh = [];
      this.around = { processes, settled };
      // Whoever has ended, and a memory that was lost, knew what only the ledger knows now, or will once all have written.
      if (processes < around.processes || settled !== around.settled) this.rereads = REREADS;
      if (!settled) this.fresh = fresh;
      else if (this.rereads-- > 0)
        await this.restore(this.accounts.meters().filter(meter => meter.inUse(clock.wall())));
      else await this.restore(fresh);
    }
    if (clock.now() - this.sweptAt < SWEEP_EVERY) return;
    this.sweptAt = clock.now();
    this.accounts.sweep((kind, id) => this.directory.has({ kind, id }));
    await store.pruneSpend(clock.wall() - KEEP_SPEND);
  }
}

function stateOf(meter: Meter, now: Milliseconds): BudgetState {
  const { unit, window, timeZone } = meter.budget;
  const shown = (value: number): number => (unit === 'usd' ? fromNano(value) : value);
  const end = meter.endOf(now);
  return {
    kind: meter.owner.kind,
    id: meter.owner.id,
    unit,
    window,
    timeZone,
    amount: shown(meter.amount(now)),
    spent: shown(meter.spent(now)),
    reserved: shown(meter.reservedByAll(now)),
    resetAt: Number.isFinite(end) ? end : null,
  };
}

/** Opens identity over a store: everything is read before it resolves. */
export async function openIdentity(config: AuthConfig, ports: IdentityPorts): Promise<Identity> {
  const identity = new Identity(config, ports);
  await identity.start();
  return identity;
}
