import { COLUMNS } from './record-table.js';

/** Columns that are bound as the bytes of their text. */
const TEXTS: ReadonlySet<string> = new Set(['facts', 'shared', 'json']);

/**
 * The statements that a gateway runs all the time, as texts. They are what the typed query layer compiles (a test holds them
 * equal to `record-queries.ts`), written out so that it need not be loaded, 20 MB, before someone asks for records.
 */
export const INSERT = `insert into "batches" (${COLUMNS.map(column => `"${column}"`).join(', ')}) values (${COLUMNS.map(column => (TEXTS.has(column) ? 'cast(? as text)' : '?')).join(', ')})`;

/** Deletes the oldest batches all of whose records are before a time: parameters are that time and how many at most. */
export const DELETE_BEFORE =
  'delete from "batches" where "id" in (select "id" from "batches" where "last_at" < ? order by "last_at" asc limit ?)';

/** Deletes the oldest batches: the parameter is how many. */
export const DELETE_OLDEST =
  'delete from "batches" where "id" in (select "id" from "batches" order by "last_at" asc limit ?)';
