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

/** A thread that has died is followed by another at the next call: what was asked of it is rejected. */
class ThreadedIdentityStore implements IdentityStore {
  readonly opened: Promise<unknown>;
  private worker: Worker | undefined;
  private readonly pending = new Map<number, Pending>();
  private calls = 0;
  private closed = false;

  constructor(private readonly path: string) {
    this.worker = this.start();
    this.opened = new Promise((resolve, reject) => this.pending.set(0, { resolve, reject }));
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
    if (this.closed) return;
    const closing = this.worker === undefined ? undefined : this.ask<void>('close');
    this.closed = true;
    await closing;
  }

  private ask<T>(method: IdentityCall['method'], ...args: readonly unknown[]): Promise<T> {
    if (this.closed) return Promise.reject(new WeirError('store.unavailable', 'The identity database is closed'));
    const call = ++this.calls;
    const message: IdentityCall = { call, method, args };
    return new Promise<T>((resolve, reject) => {
      this.worker ??= this.start();
      this.pending.set(call, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage(message);
    });
  }

  private start(): Worker {
    const worker = new Worker(new URL('./identity-worker.js', import.meta.url), {
      name: 'weir-identity',
      workerData: { path: this.path },
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 },
    });
    worker.on('message', (reply: IdentityReply) => this.receive(reply));
    worker.on('error', error => this.ended(worker, `The thread of the identity database died: ${error.message}`));
    worker.on('exit', () => this.ended(worker, 'The thread of the identity database has ended'));
    return worker;
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

  private ended(worker: Worker, why: string): void {
    // It is told twice of a thread that died: what is asked by the second time is asked of another.
    if (this.worker !== worker) return;
    this.worker = undefined;
    for (const { reject } of this.pending.values()) reject(new WeirError('store.unavailable', why));
    this.pending.clear();
  }
}
