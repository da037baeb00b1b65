import { type Kysely, sql } from 'kysely';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter, RecordStore } from '#contract/stores.js';
import { limitOf } from '#store/record-filter.js';
import type { RecordTables } from './record-rows.js';
import { restoredJson, storableText } from './storable.js';

const RECORD = sql<string>`record::text`.as('record');

/** What is asked of the table of records: by whoever writes it, and by whoever only reads. */
export class RecordQuestions implements Pick<RecordStore, 'find' | 'list' | 'count'> {
  constructor(private readonly db: Kysely<RecordTables>) {}

  async find(id: string): Promise<DecisionRecord | undefined> {
    const row = await this.db
      .selectFrom('weir.records')
      .select(RECORD)
      .where('id', '=', storableText(id))
      .executeTakeFirst();
    return row === undefined ? undefined : recordOf(row);
  }

  async list(filter: RecordFilter = {}): Promise<readonly DecisionRecord[]> {
    const rows = await this.matching(filter)
      .select(RECORD)
      .orderBy('at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(limitOf(filter))
      .execute();
    return rows.map(recordOf);
  }

  async count(filter: RecordFilter = {}): Promise<number> {
    const row = await this.matching(filter).select(sql<string>`count(*)`.as('count')).executeTakeFirstOrThrow();
    return Number(row.count);
  }

  private matching({ decision, model, status, session, since, before }: RecordFilter) {
    let query = this.db.selectFrom('weir.records');
    for (const [column, value] of Object.entries({ decision, model, status, session })) {
      if (value !== undefined)
        query = query.where(column as 'decision' | 'model' | 'status' | 'session', '=', storableText(value));
    }
    if (since !== undefined) query = query.where('at_ms', '>=', since);
    if (before !== undefined) query = query.where('at_ms', '<', before);
    return query;
  }
}

function recordOf({ record }: { readonly record: string }): DecisionRecord {
  return JSON.parse(restoredJson(record)) as DecisionRecord;
}
