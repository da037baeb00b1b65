import type { Kysely, Transaction } from 'kysely';
import { type AuditDraft, type AuditEntry, auditHash, auditText } from '#contract/audit.js';
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
import type { IdentityTables } from './identity-table.js';

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

/** Notes a batch of spending. @returns whether it was not there before. */
async function isNew(transaction: Transaction<IdentityTables>, { writer, seq, oldest }: SpendName): Promise<boolean> {
  await transaction.deleteFrom('spend_batch').where('writer', '=', writer).where('seq', '<', oldest).execute();
  const done = await transaction
    .insertInto('spend_batch')
    .values({ writer, seq, at: Date.now() })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  return Number(done.numInsertedOrUpdatedRows ?? 0) === 1;
}

/** Appends a row. The update of the head comes first: whoever else appends waits for it. */
async function append(transaction: Transaction<IdentityTables>, draft: AuditDraft): Promise<AuditEntry> {
  const head = await transaction
    .updateTable('audit_head')
    .set(eb => ({ seq: eb('seq', '+', 1) }))
    .where('one', '=', 1)
    .returning(['seq', 'hash'])
    .executeTakeFirstOrThrow();
  const seq = Number(head.seq);
  const previous = head.hash;
  const text = auditText(draft);
  const hash = auditHash(seq, previous, text);
  const { at, actor, action, target } = draft;
  await transaction
    .insertInto('audit_log')
    .values({ seq, at, actor: actor.id, action, target: target.id, text, previous, hash })
    .execute();
  await transaction.updateTable('audit_head').set({ hash }).where('one', '=', 1).execute();
  return { ...draft, seq, previous, hash };
}

async function write(transaction: Transaction<IdentityTables>, put: Versioned, at: Milliseconds): Promise<void> {
  const { kind, version, entity } = put;
  const document = JSON.stringify(entity);
  if (version === 0) {
    const done = await transaction
      .insertInto('entities')
      .values({ kind, id: entity.id, version: 1, document, changed_at: at })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst();
    if (Number(done.numInsertedOrUpdatedRows ?? 0) === 1) return;
    throw new WeirError('identity.exists', `There is a ${kind} ${JSON.stringify(entity.id)} already`, { path: 'id' });
  }
  const done = await transaction
    .updateTable('entities')
    .set({ version: version + 1, document, changed_at: at })
    .where('kind', '=', kind)
    .where('id', '=', entity.id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (Number(done.numUpdatedRows) === 1) return;
  throw new WeirError(
    'identity.conflict',
    `The ${kind} ${JSON.stringify(entity.id)} was changed by someone else meanwhile`,
    {
      hint: 'look at it again, then change it again',
    },
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function entryOf(row: IdentityTables['entities']): Versioned {
  return { kind: row.kind, version: Number(row.version), entity: JSON.parse(row.document) as unknown } as Versioned;
}

/** A row of the log; without its hash where the columns that it is searched by say something else than it does itself. */
function auditOf(row: IdentityTables['audit_log']): AuditEntry {
  const [at, actor, action, target, before, after] = JSON.parse(row.text) as [
    AuditDraft['at'],
    AuditDraft['actor'],
    string,
    AuditDraft['target'],
    unknown,
    unknown,
  ];
  const columns = [row.actor, row.action, row.target];
  const agree = [actor.id, action, target.id].every((text, i) => stored(text) === columns[i]) && Number(row.at) === at;
  return {
    ...{ seq: Number(row.seq), at, actor, action, target },
    ...(before === null ? undefined : { before }),
    ...(after === null ? undefined : { after }),
    previous: row.previous,
    hash: agree ? row.hash : '',
  };
}

/** A text as a column has it: in UTF-8 there are no half surrogate pairs. */
function stored(text: string): string {
  return Buffer.from(text).toString();
}

function rowOf({
  kind,
  id,
  bucket,
  nanoUsd,
  promptTokens,
  completionTokens,
  requests,
}: SpendDelta): IdentityTables['spend'] {
  return {
    kind,
    id,
    bucket,
    nano_usd: nanoUsd,
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    requests,
  };
}

function spendOf(row: {
  readonly nano_usd: unknown;
  readonly prompt_tokens: unknown;
  readonly completion_tokens: unknown;
  readonly requests: unknown;
}): Spend {
  return {
    nanoUsd: Number(row.nano_usd ?? 0),
    promptTokens: Number(row.prompt_tokens ?? 0),
    completionTokens: Number(row.completion_tokens ?? 0),
    requests: Number(row.requests ?? 0),
  };
}
