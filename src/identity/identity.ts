import { isWeirError, WeirError } from '#contract/errors.js';
import type { Versioned } from '#contract/identity.js';
import type { SpendDelta } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import { Accounts } from './accounts.js';
import { Admission } from './admission.js';
import { Authenticator, type Shown } from './authenticator.js';
import { type BudgetState, stateOf } from './budget-state.js';
import { Directory } from './directory.js';
import { type Doer, Governance } from './governance.js';
import type { Grant } from './grant.js';
import { LedgerReader } from './ledger-reader.js';
import { takeRequest } from './limits.js';
import { fromNano } from './money.js';
import { ownerOf } from './owners.js';
import { patiently } from './patience.js';
import type { IdentityPorts } from './ports.js';
import { may, mayInfer } from './roles.js';
import type { AuthConfig } from './schema.js';
import { machineSecretBytes } from './secret.js';
import type { IssuedKey } from './shown-key.js';
import { StoreFollower } from './store-follower.js';
import { TokenVerifier } from './token-verifier.js';
import { WriteBehind } from './write-behind.js';

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
  private readonly follower: StoreFollower;
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
    const { accounts, directory, behind } = this;
    const ledger = new LedgerReader({ store, clock, accounts, behind, counters: ports.counters });
    this.follower = new StoreFollower(directory, accounts, ledger, ports);
    this.governance = new Governance({
      store,
      clock,
      secretBytes,
      models: ports.models,
      applied: (entry, audit) => this.follower.applied(entry, audit),
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
    await this.behind.takeOver();
    await this.follower.readAll();
    this.behind.start();
    this.follower.follow();
  }

  /** Takes over what other processes changed: the audit log tells what that is. */
  refresh(): Promise<void> {
    return this.follower.refresh();
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
    return this.follower.heard && !this.behind.behind;
  }

  /** What was spent and is not known to be written. A request counts for its key, its user and its team. */
  get unwritten(): Iterable<SpendDelta> {
    return this.behind.waiting();
  }

  async close(): Promise<void> {
    this.follower.close();
    if (!(await this.behind.close())) this.ports.onError?.(this.lost());
    await this.ports.store.close();
  }

  private authenticatorOptions() {
    const { config, verifier } = this;
    return { adminKey: config.admin_key, proxy: config.proxy, verifier };
  }

  private lost(): WeirError {
    const sums = { key: 0, team: 0, user: 0 };
    for (const { kind, nanoUsd } of this.unwritten) sums[kind] += nanoUsd;
    const usd = fromNano(Math.max(...Object.values(sums)));
    return new WeirError('store.unavailable', `Spending of ${usd} USD could not be written and is lost`);
  }
}

/** Opens identity over a store: everything is read before it resolves. */
export async function openIdentity(config: AuthConfig, ports: IdentityPorts): Promise<Identity> {
  const identity = new Identity(config, ports);
  await identity.start();
  return identity;
}
