import { WeirError } from '#contract/errors.js';
import type { ConfigVersion, ConfigVersionStore } from '#contract/stores.js';
import type { Bytes } from '#contract/units.js';
import type { StateDatabase } from './state-database.js';

/** Versions kept, and the bytes that their texts may have together. */
const MAX_VERSIONS = 200;
const MAX_BYTES: Bytes = 32 * 1024 ** 2;

const FACTS = 'number, version, at, author, note, source';

/** Versions of the configuration in the database of what must outlive the process. What it cannot do is `store.unavailable`. */
export function configVersions(database: StateDatabase): ConfigVersionStore {
  const newest = database.prepare(
    `select ${FACTS}, text from config_versions where source = ? order by number desc limit 1`,
  );
  const insert = database.prepare(
    'insert into config_versions (version, at, author, note, source, text) values (?, ?, ?, ?, ?, ?)',
  );
  const list = database.prepare(`select ${FACTS} from config_versions where source = ? order by number desc limit ?`);
  const find = database.prepare(`select ${FACTS}, text from config_versions where source = ? and number = ?`);
  // Of the bytes only what is older than the newest is counted, so that the newest is kept however long it is.
  const prune = database.prepare(
    `delete from config_versions where number in (
      select number from (
        select number, row_number() over (order by number desc) as place,
          sum(length(text)) over (order by number desc) as bytes from config_versions
      ) where place > ${MAX_VERSIONS} or (place > 1 and bytes > ${MAX_BYTES})
    )`,
  );

  const remove = database.prepare('delete from config_versions where number = ?');

  const newestOf = (source: string) => newest.get(source) as (ConfigVersion & { readonly text: string }) | undefined;
  return {
    add: ({ version, at, author, note, source }, text) =>
      guarded(() => {
        const last = newestOf(source);
        if (last?.text === text) return factsOf(last);
        const { lastInsertRowid } = insert.run(version, at, author, note, source, text);
        prune.run();
        return { number: Number(lastInsertRowid), version, at, author, note, source };
      }),
    drop: number => guarded(() => void remove.run(number)),
    list: (source, limit) => guarded(() => (list.all(source, limit) as unknown as ConfigVersion[]).map(factsOf)),
    find: (source, number) =>
      guarded(() => {
        const row = find.get(source, number) as (ConfigVersion & { readonly text: string }) | undefined;
        return row === undefined ? undefined : { entry: factsOf(row), text: row.text };
      }),
    close: () => database.close(),
  };
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('store.unavailable', `The history of configurations cannot be read or written: ${reason}`, {
      path: 'gateway.state.path',
      cause,
    });
  }
}

function factsOf({ number, version, at, author, note, source }: ConfigVersion): ConfigVersion {
  return { number, version, at, author, note, source };
}
