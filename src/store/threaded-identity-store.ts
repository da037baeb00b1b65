import { Worker } from 'node:worker_threads';
import type { AuditDraft, AuditEntry } from '#contract/audit.js';
import { WeirError } from '#contract/errors.js';
import type { SubjectKind, SubjectRef, Versioned } from '#contract/identity.js';
import type { AuditFilter, Change, IdentityStore, Spend, SpendDelta, SpendName } from '#contract/identity-store.js';
import type { Milliseconds } from '#contract/units.js';
import type { IdentityCall, IdentityReply } from './identity-messages.js';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: WeirError) => void;
}

/**
 * Opens the identity database in a thread of its own: for gateways.
 *
 * @throws WeirError `store.unavailable` when it cannot be opened, is no database, or is a newer Weir's.
 */
export async function openIdentityStore(path: string): Promise<IdentityStore> {
  const store = new ThreadedIdentityStore(path);
  await store.opened;
  return store;
}

class ThreadedIdentityStore implements IdentityStore {
  readonly opened: Promise<unknown>;
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private calls = 0;
  private ended = false;

  constructor(path: string) {
    this.worker = new Worker(new URL('./identity-worker.js', import.meta.url), {
      name: 'weir-identity',
      workerData: { path },
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 },
    });
    this.opened = new Promise((resolve, reject) => this.pending.set(0, { resolve, reject }));
    this.worker.on('message', (reply: IdentityReply) => this.receive(reply));
    this.worker.on('error', error => this.end(`The thread of the identity database died: ${error.message}`));
    this.worker.on('exit', () => this.end('The thread of the identity database has ended'));
  }

  load(): Promise<readonly Versioned[]> {
    return this.ask('load');
  }
  find(ref: SubjectRef): Promise<Versioned | undefined> {
    return this.ask('find', { kind: ref.kind, id: ref.id });
  }
  commit(change: Change): Promise<AuditEntry> {
    return this.ask('commit', change);
  }
  log(audit: AuditDraft): Promise<AuditEntry> {
    return this.ask('log', audit);
  }
  audit(filter?: AuditFilter): Promise<readonly AuditEntry[]> {
    return this.ask('audit', filter);
  }
  auditHead(): Promise<number> {
    return this.ask('auditHead');
  }
  addSpend(deltas: readonly SpendDelta[], name?: SpendName): Promise<void> {
    return this.ask('addSpend', deltas, name);
  }
  spent(ref: SubjectRef, since: Milliseconds): Promise<Spend> {
    return this.ask('spent', { kind: ref.kind, id: ref.id }, since);
  }
  usage(kind: SubjectKind, since: Milliseconds, until: Milliseconds): Promise<readonly (SubjectRef & Spend)[]> {
    return this.ask('usage', kind, since, until);
  }
  pruneSpend(before: Milliseconds): Promise<number> {
    return this.ask('pruneSpend', before);
  }
  touch(uses: readonly (readonly [key: string, at: Milliseconds])[]): Promise<void> {
    return this.ask('touch', uses);
  }
  lastUses(): Promise<ReadonlyMap<string, Milliseconds>> {
    return this.ask('lastUses');
  }
  async close(): Promise<void> {
    if (this.ended) return;
    await this.ask<void>('close');
    this.ended = true;
  }

  private ask<T>(method: IdentityCall['method'], ...args: readonly unknown[]): Promise<T> {
    if (this.ended) return Promise.reject(new WeirError('store.unavailable', 'The identity database is closed'));
    const call = ++this.calls;
    const message: IdentityCall = { call, method, args };
    return new Promise<T>((resolve, reject) => {
      this.pending.set(call, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage(message);
    });
  }

  private receive({ call, value, error }: IdentityReply): void {
    const pending = this.pending.get(call);
    this.pending.delete(call);
    if (error === undefined) pending?.resolve(value);
    else {
      const { code, message, ...detail } = error;
      pending?.reject(new WeirError(code, message, detail));
    }
  }

  private end(why: string): void {
    this.ended = true;
    for (const { reject } of this.pending.values()) reject(new WeirError('store.unavailable', why));
    this.pending.clear();
  }
}
