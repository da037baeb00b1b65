import { type CompiledQuery, type Kysely, sql } from 'kysely';
import type { RecordFilter } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import { limitOf } from './record-filter.js';
import { type BatchesTable, COLUMNS, type Facts, type RecordTables } from './record-table.js';
import { restored } from './restored.js';

/** Everything that is asked of the table of records, in no database's dialect. */
export interface RecordQueries {
  /** The JSON of a record that arrived at or after `since`. */
  find(id: string, since: Milliseconds): Promise<string | undefined>;
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

type Batch = Pick<BatchesTable, 'id' | 'last_at' | 'facts'>;

/** A record in its place. */
interface Hit {
  readonly batch: number;
  /** Where its JSON begins. */
  readonly start: number;
  readonly facts: Facts;
}

/** Batches whose facts are read at once: some 500 kB. */
const PAGE = 64;
/** The longest text that batches are looked through for; a longer one is compared record by record. */
const MAX_PATTERN = 256;

export function recordQueries(db: Kysely<RecordTables>): RecordQueries {
  const batches = db.selectFrom('batches');

  /** Batches that may hold what matches, those with the latest record first. */
  async function* candidates(filter: RecordFilter, id?: string): AsyncGenerator<Batch> {
    let query = batches.select(['id', 'last_at', 'facts']);
    const { since, before, session, decision, model, status } = filter;
    if (since !== undefined) query = query.where('last_at', '>=', since);
    if (before !== undefined) query = query.where('first_at', '<', before);
    for (const text of [id, session, decision, model, status]) {
      const pattern = patternOf(text);
      if (pattern !== undefined) query = query.where('facts', 'like', pattern);
    }
    query = query.orderBy('last_at', 'desc').orderBy('id', 'desc').limit(PAGE);
    let page = await query.execute();
    while (page.length > 0) {
      yield* page;
      const last = page.at(-1)!;
      if (page.length < PAGE) return;
      page = await query
        .where(eb =>
          eb.or([eb('last_at', '<', last.last_at), eb('last_at', '=', last.last_at).and('id', '<', last.id)]),
        )
        .execute();
    }
  }

  /** The JSON of records, in their order; a batch that has been deleted since leaves its records out. */
  async function whole(hits: readonly Hit[]): Promise<readonly string[]> {
    const byBatch = new Map<number, Hit[]>();
    for (const hit of hits) {
      const others = byBatch.get(hit.batch);
      if (others === undefined) byBatch.set(hit.batch, [hit]);
      else others.push(hit);
    }
    const texts = new Map<Hit, string>();
    for (const [id, wanted] of byBatch) {
      const row = await batches.select(['shared', 'json']).where('id', '=', id).executeTakeFirst();
      if (row === undefined) continue;
      const shared = JSON.parse(row.shared) as Readonly<Record<string, unknown>>[];
      for (const hit of wanted) {
        const json = row.json.slice(hit.start, hit.start + hit.facts[6]);
        texts.set(hit, JSON.stringify(restored(hit.facts, json, shared)));
      }
    }
    return hits.map(hit => texts.get(hit)).filter(text => text !== undefined);
  }

  return {
    async find(id, since) {
      for await (const batch of candidates({ since }, id)) {
        const hit = hitsIn(batch).find(({ facts }) => facts[0] === id && facts[1] >= since);
        if (hit !== undefined) return (await whole([hit]))[0];
      }
      return undefined;
    },
    async list(filter) {
      const limit = limitOf(filter);
      let hits: Hit[] = [];
      for await (const batch of candidates(filter)) {
        const last = hits.length < limit ? undefined : hits[limit - 1];
        if (last !== undefined && last.facts[1] > batch.last_at) break;
        hits = [...hits, ...hitsIn(batch).filter(({ facts }) => matches(filter, facts))]
          .sort(newestFirst)
          .slice(0, limit);
      }
      return whole(hits);
    },
    async count(filter) {
      let count = 0;
      for await (const batch of candidates(filter)) {
        for (const facts of JSON.parse(batch.facts) as Facts[]) if (matches(filter, facts)) count++;
      }
      return count;
    },
    compiled() {
      const values = Object.fromEntries(COLUMNS.map((column): [string, unknown] => [column, placeholder(column)]));
      const oldest = batches.select('id').orderBy('last_at', 'asc').limit(1);
      return {
        insert: db
          .insertInto('batches')
          .values(values as unknown as BatchesTable)
          .compile(),
        deleteBefore: db
          .deleteFrom('batches')
          .where('id', 'in', oldest.where('last_at', '<', 0))
          .compile(),
        deleteOldest: db.deleteFrom('batches').where('id', 'in', oldest).compile(),
      };
    },
  };
}

function placeholder(column: (typeof COLUMNS)[number]): unknown {
  return column === 'facts' || column === 'shared' || column === 'json' ? sql`cast(${''} as text)` : 0;
}

/**
 * A pattern that the facts of every batch with this text match, as JSON writes it: `%` and `_` in it only let more batches through.
 * None where a dialect may take a backslash for an escape.
 */
function patternOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const json = JSON.stringify(text);
  return json.length > MAX_PATTERN || json.includes('\\') ? undefined : `%${json}%`;
}

function hitsIn({ id, facts: json }: Batch): Hit[] {
  let start = 1;
  return (JSON.parse(json) as Facts[]).map(facts => {
    const hit = { batch: id, start, facts };
    start += facts[6] + 1;
    return hit;
  });
}

function matches(filter: RecordFilter, [, at, session, decision, model, status]: Facts): boolean {
  return (
    (filter.decision === undefined || filter.decision === decision) &&
    (filter.model === undefined || filter.model === model) &&
    (filter.status === undefined || filter.status === status) &&
    (filter.session === undefined || filter.session === session) &&
    (filter.since === undefined || at >= filter.since) &&
    (filter.before === undefined || at < filter.before)
  );
}

function newestFirst({ facts: a }: Hit, { facts: b }: Hit): number {
  return b[1] - a[1] || (a[0] < b[0] ? 1 : a[0] > b[0] ? -1 : 0);
}
