import { COLUMNS } from './record-table.js';

/**
 * The statements that a gateway runs all the time, as texts. They are what the typed query layer compiles (a test holds them
 * equal to `record-queries.ts`), written out so that it need not be loaded, 20 MB, before someone asks for records.
 */
export const INSERT = `insert into "decisions" (${COLUMNS.map(column => `"${column}"`).join(', ')}) values (${COLUMNS.map(() => '?').join(', ')}) on conflict ("id") do nothing`;

/** Deletes the oldest records before a time: parameters are that time and how many at most. */
export const DELETE_BEFORE =
  'delete from "decisions" where "id" in (select "id" from "decisions" where "at" < ? order by "at" asc limit ?)';

/** Deletes the oldest records: the parameter is how many. */
export const DELETE_OLDEST =
  'delete from "decisions" where "id" in (select "id" from "decisions" order by "at" asc limit ?)';
