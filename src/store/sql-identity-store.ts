import type { Kysely } from 'kysely';
import type { AuditDraft, AuditEntry } from '#contract/audit.js';
import { isWeirError, WeirError } from '#contract/errors.js';
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
import { auditOf, entryOf, rowOf, spendOf } from './identity-rows.js';
import type { IdentityTables } from './identity-table.js';
import { append, isNew, write } from './identity-writes.js';

const MAX_PAGE = 1000;
/** Rows that one statement adds: seven parameters each, and databases take some ten thousands. */
const ROWS_A_STATEMENT = 200;

/** The identity store over any database that Kysely speaks to. Everything here is SQL that SQLite and Postgres share. */
export class SqlIdentityStore implements IdentityStore {
  private before: Promise<unknown> = Promise.resolve();

  /** @param release closes what is below the query layer. */
  constructor(
    private readonly db: Kysely<IdentityTables>,
    private readonly release: () => void | Promise<void>,
  ) {}

  load(): Promise<readonly Versioned[]> {
    return this.guard(async () => (await this.db.selectFrom('entities').selectAll().execute()).map(entryOf));
  }

  find({ kind, id }: SubjectRef): Promise<Versioned | undefined> {
    return this.guard(async () => {
      const row = await this.db
        .selectFrom('entities')
        .selectAll()
        .where('kind', '=', kind)
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? undefined : entryOf(row);
    });
  }

  commit({ put, audit }: Change): Promise<AuditEntry> {
    return this.guard(() =>
      this.db.transaction().execute(async transaction => {
        const entry = await append(transaction, audit);
        await write(transaction, put, audit.at);
        return entry;
      }),
    );
  }

  log(audit: AuditDraft): Promise<AuditEntry> {
    return this.guard(() => this.db.transaction().execute(transaction => append(transaction, audit)));
  }

  audit({ after, before, target, actor, limit = 100 }: AuditFilter = {}): Promise<readonly AuditEntry[]> {
    return this.guard(async () => {
      let query = this.db.selectFrom('audit_log').selectAll();
      if (after !== undefined) query = query.where('seq', '>', after);
      if (before !== undefined) query = query.where('seq', '<', before);
      if (target !== undefined) query = query.where('target', '=', target);
      if (actor !== undefined) query = query.where('actor', '=', actor);
      const rows = await query
        .orderBy('seq', after === undefined ? 'desc' : 'asc')
        .limit(Math.max(1, Math.min(limit, MAX_PAGE)))
        .execute();
      return rows.map(auditOf);
    });
  }

  auditHead(): Promise<number> {
    return this.guard(async () => {
      const row = await this.db.selectFrom('audit_head').select('seq').executeTakeFirstOrThrow();
      return Number(row.seq);
    });
  }

  addSpend(deltas: readonly SpendDelta[], name?: SpendName): Promise<void> {
    return this.guard(() =>
      this.db.transaction().execute(async transaction => {
        if (name !== undefined && !(await isNew(transaction, name))) return;
        // In one order for all writers, or two of them could wait for one another.
        const rows = deltas
          .map(rowOf)
          .sort((a, b) => compare(a.id, b.id) || compare(a.kind, b.kind) || a.bucket - b.bucket);
        for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
          await transaction
            .insertInto('spend')
            .values(rows.slice(at, at + ROWS_A_STATEMENT))
            .onConflict(conflict =>
              conflict.columns(['kind', 'id', 'bucket']).doUpdateSet(eb => ({
                nano_usd: eb('spend.nano_usd', '+', eb.ref('excluded.nano_usd')),
                prompt_tokens: eb('spend.prompt_tokens', '+', eb.ref('excluded.prompt_tokens')),
                completion_tokens: eb('spend.completion_tokens', '+', eb.ref('excluded.completion_tokens')),
                requests: eb('spend.requests', '+', eb.ref('excluded.requests')),
              })),
            )
            .execute();
        }
      }),
    );
  }

  spent({ kind, id }: SubjectRef, since: Milliseconds): Promise<Spend> {
    return this.guard(async () => {
      const query = this.db
        .selectFrom('spend')
        .select(eb => [
          eb.fn.sum('nano_usd').as('nano_usd'),
          eb.fn.sum('prompt_tokens').as('prompt_tokens'),
          eb.fn.sum('completion_tokens').as('completion_tokens'),
          eb.fn.sum('requests').as('requests'),
        ])
        .where('kind', '=', kind)
        .where('id', '=', id)
        .where('bucket', since === ALL_TIME ? '=' : '>=', since);
      return spendOf(await query.executeTakeFirstOrThrow());
    });
  }

  usage(kind: SubjectKind, since: Milliseconds, until: Milliseconds): Promise<readonly (SubjectRef & Spend)[]> {
    return this.guard(async () => {
      const rows = await this.db
        .selectFrom('spend')
        .select(eb => [
          'id',
          eb.fn.sum('nano_usd').as('nano_usd'),
          eb.fn.sum('prompt_tokens').as('prompt_tokens'),
          eb.fn.sum('completion_tokens').as('completion_tokens'),
          eb.fn.sum('requests').as('requests'),
        ])
        .where('kind', '=', kind)
        .where('bucket', '>=', Math.max(0, since))
        .where('bucket', '<', until)
        .groupBy('id')
        .orderBy('nano_usd', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(row => ({ kind, id: row.id, ...spendOf(row) }));
    });
  }

  pruneSpend(before: Milliseconds): Promise<number> {
    return this.guard(async () => {
      const done = await this.db
        .deleteFrom('spend')
        .where('bucket', '<', before)
        .where('bucket', '<>', ALL_TIME)
        .executeTakeFirst();
      await this.db.deleteFrom('spend_batch').where('at', '<', before).execute();
      return Number(done.numDeletedRows);
    });
  }

  touch(uses: readonly (readonly [key: string, at: Milliseconds])[]): Promise<void> {
    return this.guard(async () => {
      if (uses.length === 0) return;
      await this.db.transaction().execute(async transaction => {
        const rows = uses.map(([key, at]) => ({ key, at })).sort((a, b) => compare(a.key, b.key));
        for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
          await transaction
            .insertInto('key_use')
            .values(rows.slice(at, at + ROWS_A_STATEMENT))
            .onConflict(conflict =>
              conflict
                .column('key')
                .doUpdateSet(eb => ({ at: eb.ref('excluded.at') }))
                .whereRef('key_use.at', '<', 'excluded.at'),
            )
            .execute();
        }
      });
    });
  }

  lastUses(): Promise<ReadonlyMap<string, Milliseconds>> {
    return this.guard(async () => {
      const rows = await this.db.selectFrom('key_use').selectAll().execute();
      return new Map(rows.map(({ key, at }) => [key, Number(at)]));
    });
  }

  async close(): Promise<void> {
    await this.db.destroy();
    await this.release();
  }

  /** Does what is asked after what was asked before, whatever connections there are. */
  private async guard<T>(work: () => Promise<T>): Promise<T> {
    const done = this.before.then(work);
    this.before = done.catch(() => undefined);
    try {
      return await done;
    } catch (cause) {
      if (isWeirError(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new WeirError('store.unavailable', `The identity database cannot be used: ${reason}`, { cause });
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
