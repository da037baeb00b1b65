import type { CompiledQuery, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import type { RecordFilter } from '#contract/stores.js';
import { limitOf } from './record-filter.js';
import { COLUMNS, type RecordTables } from './record-table.js';

/** Everything that is asked of the table of records, in no database's dialect. */
export interface RecordQueries {
  /** The JSON of a record. */
  find(id: string): Promise<string | undefined>;
  /** The JSON of the records that match, newest first. */
  list(filter: RecordFilter): Promise<readonly string[]>;
  count(filter: RecordFilter): Promise<number>;
  /** The statements that are prepared once and run by hand (`record-statements.ts`). */
  compiled(): {
    readonly insert: CompiledQuery;
    readonly deleteBefore: CompiledQuery;
    readonly deleteOldest: CompiledQuery;
  };
}

export function recordQueries(db: Kysely<RecordTables>): RecordQueries {
  const records = db.selectFrom('decisions');
  return {
    async find(id) {
      const row = await records.select('record').where('id', '=', id).executeTakeFirst();
      return row?.record;
    },
    async list(filter) {
      const rows = await records
        .select('record')
        .where(conditions(filter))
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(limitOf(filter))
        .execute();
      return rows.map(row => row.record);
    },
    async count(filter) {
      const row = await records
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where(conditions(filter))
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },
    compiled() {
      const values = Object.fromEntries(COLUMNS.map((column): [string, string] => [column, '']));
      const oldest = records.select('id').orderBy('at', 'asc').limit(1);
      return {
        insert: db
          .insertInto('decisions')
          .values(values as unknown as RecordTables['decisions'])
          .onConflict(conflict => conflict.column('id').doNothing())
          .compile(),
        deleteBefore: db
          .deleteFrom('decisions')
          .where('id', 'in', oldest.where('at', '<', 0))
          .compile(),
        deleteOldest: db.deleteFrom('decisions').where('id', 'in', oldest).compile(),
      };
    },
  };
}

function conditions(filter: RecordFilter) {
  return (eb: ExpressionBuilder<RecordTables, 'decisions'>) => {
    const all = [];
    if (filter.decision !== undefined) all.push(eb('decision', '=', filter.decision));
    if (filter.model !== undefined) all.push(eb('model', '=', filter.model));
    if (filter.status !== undefined) all.push(eb('status', '=', filter.status));
    if (filter.session !== undefined) all.push(eb('session', '=', filter.session));
    if (filter.since !== undefined) all.push(eb('at', '>=', filter.since));
    if (filter.before !== undefined) all.push(eb('at', '<', filter.before));
    return all.length === 0 ? eb.lit(true).$castTo<SqlBool>() : eb.and(all);
  };
}
