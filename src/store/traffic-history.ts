import type { Milliseconds } from '#contract/units.js';
import type { StateDatabase } from './state-database.js';

/** Traffic of the last days in the database of what must outlive the process: one small row a minute, and one an hour. */
export function trafficHistory(database: StateDatabase) {
  // A restart within a span adds a second part of it; the later part is the one that counts on.
  const insert = database.prepare('insert or replace into traffic (step, at, bucket) values (?, ?, ?)');
  const prune = database.prepare('delete from traffic where step = ? and at < ?');
  const load = database.prepare('select at, bucket from traffic where step = ? and at >= ? order by at');
  return {
    keep(step: Milliseconds, at: Milliseconds, bucket: string, keepFrom: Milliseconds): void {
      if (!database.isOpen) return;
      insert.run(step, at, bucket);
      prune.run(step, keepFrom);
    },
    load(step: Milliseconds, from: Milliseconds) {
      return load.all(step, from) as unknown as readonly { readonly at: Milliseconds; readonly bucket: string }[];
    },
  };
}
