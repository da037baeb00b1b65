import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WeirError } from '#contract/errors.js';
import type { ResponseStore } from '#contract/stores.js';
import { memoryResponseStore } from '#store/memory-response-store.js';
import { openResponseStore, type ResponseStoreOptions } from '#store/response-store.js';
import { responseStoreContract, storedLike } from '../contracts/response-store.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-responses-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (rest: Partial<ResponseStoreOptions> = {}) =>
  openResponseStore({ path: join(folder, 'deeper', 'r.db'), keepForMs: 1e9, keep: 5, keepBytes: 1e9, ...rest });

responseStoreContract('SQLite', () => open());
responseStoreContract('memory', () => memoryResponseStore({ keep: 5 }));

describe('stored responses on disk', () => {
  it('are there after close, for their owner alone to read', async () => {
    const store = open();
    store.put(storedLike('a'));
    await store.flush();
    for (const name of ['r.db', 'r.db-wal']) expect(statSync(join(folder, 'deeper', name)).mode & 0o777).toBe(0o600);
    await store.close();
    const again = open();
    expect(await again.find('ada', 'a')).toBeDefined();
    await again.close();
  });

  it('go when they are too old, or together too large', async () => {
    const store = open({ keepForMs: 60_000, keepBytes: 3000 });
    store.put(storedLike('old', { at: Date.now() - 61_000 }));
    expect(await store.find('ada', 'old')).toBeUndefined();
    const now = Date.now();
    for (const id of ['a', 'b', 'c'])
      store.put(storedLike(id, { at: now + id.charCodeAt(0), input: 'x'.repeat(1200) }));
    expect(await store.find('ada', 'a')).toBeUndefined();
    expect(await store.find('ada', 'c')).toBeDefined();
    await store.close();
  });

  it('of several processes are bounded together, and none goes because of what another has deleted', async () => {
    const ids = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
    const there = async (store: ResponseStore) =>
      (await Promise.all(ids.map(id => store.find('ada', id)))).flatMap(found => found?.id ?? []);
    const now = Date.now();
    const [one, two] = [open(), open()];
    for (const [at, id] of ids.entries()) {
      const store = at % 2 === 0 ? one : two;
      store.put(storedLike(id, { at: now + at }));
      await store.flush();
    }
    expect(await there(two)).toEqual(['5', '6', '7', '8', '9']);
    for (const id of await there(one)) await one.delete('ada', id);
    two.put(storedLike('8', { at: now }));
    two.put(storedLike('9', { at: now + 1 }));
    expect(await there(two)).toEqual(['8', '9']);
    await Promise.all([one.close(), two.close()]);
  });

  it('that cannot be written are counted and said, and the next that is asked for says why', async () => {
    const path = join(folder, 'no-database');
    writeFileSync(path, 'this is a letter, not a database '.repeat(100));
    const errors: WeirError[] = [];
    const store = open({ path, onError: error => errors.push(error) });
    store.put(storedLike('a'));
    await expect(store.find('ada', 'a')).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(store.dropped).toBe(1);
    expect(errors).toHaveLength(1);
    await store.close();
  });

  it('are asked of another thread once one has died, whose end is told twice', async () => {
    const store = open();
    store.put(storedLike('a'));
    expect(await store.find('ada', 'a')).toBeDefined();
    const { worker: dead } = store as unknown as { readonly worker: Worker };
    const unanswered = store.find('ada', 'a');
    dead.emit('error', new Error('out of memory'));
    await expect(unanswered).rejects.toMatchObject({ code: 'store.unavailable' });
    const again = store.find('ada', 'a');
    dead.emit('exit', 1);
    expect(await again).toMatchObject({ id: 'a' });
    await store.close();
    await dead.terminate();
  });

  it('refuse work after close', async () => {
    const store = open();
    await store.close();
    store.put(storedLike('a'));
    expect(store.dropped).toBe(1);
    await expect(store.find('ada', 'a')).rejects.toMatchObject({ code: 'store.unavailable' });
  });
});
