import { AUDIT_ROOT, type AuditDraft, type AuditEntry, auditHash, auditText } from '#contract/audit.js';
import { WeirError } from '#contract/errors.js';
import type { SubjectKind, SubjectRef, Versioned } from '#contract/identity.js';
import {
  ALL_TIME,
  type AuditFilter,
  type Change,
  type IdentityStore,
  type Spend,
  type SpendDelta,
  type SpendName,
} from '#contract/identity-store.js';
import type { Milliseconds } from '#contract/units.js';

const NOTHING: Spend = { nanoUsd: 0, promptTokens: 0, completionTokens: 0, requests: 0 };

/** An identity store that ends with the process: for tests, and for gateways that need not remember. */
export function memoryIdentityStore(): IdentityStore {
  return new MemoryIdentityStore();
}

class MemoryIdentityStore implements IdentityStore {
  private readonly entities = new Map<string, string>();
  private readonly entries: AuditEntry[] = [];
  private readonly buckets = new Map<string, SpendDelta>();
  private readonly uses = new Map<string, Milliseconds>();
  private readonly batches = new Map<string, Set<number>>();

  async load(): Promise<readonly Versioned[]> {
    return [...this.entities.values()].map(text => JSON.parse(text) as Versioned);
  }

  async find({ kind, id }: SubjectRef): Promise<Versioned | undefined> {
    return this.entry(kind, id);
  }

  async commit({ put, audit }: Change): Promise<AuditEntry> {
    const { kind, entity, version } = put;
    // Looked at and changed in one turn, or two changes could both see the same version.
    const before = this.entry(kind, entity.id);
    if (version === 0 && before !== undefined)
      throw new WeirError('identity.exists', `There is a ${kind} ${JSON.stringify(entity.id)} already`, { path: 'id' });
    if ((before?.version ?? 0) !== version)
      throw new WeirError(
        'identity.conflict',
        `The ${kind} ${JSON.stringify(entity.id)} was changed by someone else meanwhile`,
      );
    this.entities.set(`${kind} ${entity.id}`, JSON.stringify({ kind, entity, version: version + 1 }));
    return this.log(audit);
  }

  async log(audit: AuditDraft): Promise<AuditEntry> {
    const last = this.entries.at(-1);
    const seq = (last?.seq ?? 0) + 1;
    const previous = last?.hash ?? AUDIT_ROOT;
    const text = auditText(audit);
    const entry: AuditEntry = { ...structuredClone(audit), seq, previous, hash: auditHash(seq, previous, text) };
    this.entries.push(entry);
    return entry;
  }

  async audit({ after, before, target, actor, limit = 100 }: AuditFilter = {}): Promise<readonly AuditEntry[]> {
    const found = this.entries.filter(
      entry =>
        (after === undefined || entry.seq > after) &&
        (before === undefined || entry.seq < before) &&
        (target === undefined || entry.target.id === target) &&
        (actor === undefined || entry.actor.id === actor),
    );
    if (after === undefined) found.reverse();
    return found.slice(0, Math.max(1, Math.min(limit, 1000)));
  }

  async auditHead(): Promise<number> {
    return this.entries.length;
  }

  async addSpend(deltas: readonly SpendDelta[], name?: SpendName): Promise<void> {
    if (name !== undefined && !this.isNew(name)) return;
    for (const delta of deltas) {
      const name = `${delta.bucket} ${delta.kind} ${delta.id}`;
      this.buckets.set(name, { ...delta, ...sum(this.buckets.get(name) ?? NOTHING, delta) });
    }
  }

  async spent({ kind, id }: SubjectRef, since: Milliseconds): Promise<Spend> {
    let total = NOTHING;
    for (const delta of this.buckets.values()) {
      const counts = since === ALL_TIME ? delta.bucket === ALL_TIME : delta.bucket >= since;
      if (counts && delta.kind === kind && delta.id === id) total = sum(total, delta);
    }
    return total;
  }

  async usage(kind: SubjectKind, since: Milliseconds, until: Milliseconds): Promise<readonly (SubjectRef & Spend)[]> {
    const totals = new Map<string, Spend>();
    for (const delta of this.buckets.values()) {
      if (delta.kind !== kind || delta.bucket < Math.max(0, since) || delta.bucket >= until) continue;
      totals.set(delta.id, sum(totals.get(delta.id) ?? NOTHING, delta));
    }
    return [...totals]
      .map(([id, spend]) => ({ kind, id, ...spend }))
      .sort((a, b) => b.nanoUsd - a.nanoUsd || (a.id < b.id ? -1 : 1));
  }

  async pruneSpend(before: Milliseconds): Promise<number> {
    let pruned = 0;
    for (const [name, { bucket }] of this.buckets) {
      if (bucket === ALL_TIME || bucket >= before) continue;
      this.buckets.delete(name);
      pruned++;
    }
    return pruned;
  }

  async touch(uses: readonly (readonly [key: string, at: Milliseconds])[]): Promise<void> {
    for (const [key, at] of uses) this.uses.set(key, Math.max(at, this.uses.get(key) ?? 0));
  }

  async lastUses(): Promise<ReadonlyMap<string, Milliseconds>> {
    return new Map(this.uses);
  }

  async close(): Promise<void> {}

  private isNew({ writer, seq, oldest }: SpendName): boolean {
    const known = new Set([...(this.batches.get(writer) ?? [])].filter(before => before >= oldest));
    this.batches.set(writer, known);
    if (known.has(seq)) return false;
    known.add(seq);
    return true;
  }

  private entry(kind: SubjectKind, id: string): Versioned | undefined {
    const text = this.entities.get(`${kind} ${id}`);
    return text === undefined ? undefined : (JSON.parse(text) as Versioned);
  }
}

function sum(a: Spend, b: Spend): Spend {
  return {
    nanoUsd: a.nanoUsd + b.nanoUsd,
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    requests: a.requests + b.requests,
  };
}
