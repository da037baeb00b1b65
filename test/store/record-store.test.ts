import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import { openRecordReader, openRecordStore, type RecordStoreOptions } from '#store/record-store.js';
import { recordStoreContract } from '../contracts/record-store.js';
import { recordOf } from './records.js';

const DAY = 86_400_000;
let folder: string;
const file = (name = 'record.db'): string => join(folder, name);
/** Nothing is sent to the thread until someone asks. */
const HELD = { batch: 1e9, flushEveryMs: 1e9 };
const open = (rest: Partial<RecordStoreOptions> = {}) =>
  openRecordStore({ path: file(), keepForMs: 7 * DAY, keepBytes: 1e9, ...rest });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-record-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

recordStoreContract('a SQLite file', () => open({ path: join(folder, 'deeper', 'record.db') }));
recordStoreContract(':memory:', () => open({ path: ':memory:' }));

describe('the record on disk', () => {
  it('is there after close, and opens again', async () => {
    const store = await open();
    for (let i = 0; i < 100; i++) store.append(recordOf(`r${i}`, { at: Date.now() }));
    await store.close();
    const again = await open();
    expect(await again.count()).toBe(100);
    expect(again.dropped).toBe(0);
    await again.close();
  });

  it('can be read while it is written, and afterwards', async () => {
    const store = await open();
    store.append(recordOf('one', { at: Date.now() }));
    await store.flush();
    const reader = await openRecordReader(file());
    expect((await reader.find('one'))?.decision).toBe('counsel');
    store.append(recordOf('two', { at: Date.now() }));
    await store.flush();
    expect(await reader.count()).toBe(2);
    expect((await reader.list({ limit: 1 })).map(record => record.id)).toEqual(['two']);
    await reader.close();
    await reader.close();
    await store.close();
    const later = await openRecordReader(file());
    expect(await later.count({ decision: 'counsel' })).toBe(2);
    await later.close();
  });

  it('shows the documented columns to anyone with SQLite', async () => {
    const store = await open();
    store.append(recordOf('one', { at: Date.now() }));
    await store.close();
    const database = new DatabaseSync(file(), { readOnly: true });
    const row = database
      .prepare(
        'select id, api, model_asked, stream, caller, session, decision, model, pool, replica, status, http_status, error, finish, prompt_tokens, completion_tokens, cached_tokens, cost_usd, ttft_ms, e2e_ms from decisions',
      )
      .get();
    database.close();
    expect(row).toMatchObject({
      id: 'one',
      api: 'openai-chat',
      model_asked: 'auto',
      stream: 1,
      caller: 'k_9f8e7d6c',
      decision: 'counsel',
      model: 'small',
      pool: 'gpu',
      replica: 'gpu/0',
      status: 'answered',
      http_status: 200,
      error: null,
      finish: 'stop',
      prompt_tokens: 812,
      completion_tokens: 231,
      cached_tokens: 512,
      cost_usd: 0.0000412,
      ttft_ms: 41.25,
      e2e_ms: 812.31,
    });
  });

  it('shows the signals of each record to anyone with SQLite', async () => {
    const store = await open();
    store.append(recordOf('one', { at: Date.now() }));
    await store.close();
    const database = new DatabaseSync(file(), { readOnly: true });
    const rows = database.prepare('select id, name, type, state, score, tier, evidence, ms from signals').all();
    database.close();
    expect(rows).toHaveLength(8);
    expect({ ...(rows[1] as object) }).toEqual({
      id: 'one',
      name: 'big',
      type: 'context',
      state: 'true',
      score: 0.125,
      tier: 'fast',
      evidence: '812 tokens, above 512',
      ms: 0.0123,
    });
  });

  it('lists across many batches, in order, also where they overlap in time', async () => {
    const store = await open({ batch: 3 });
    const now = Date.now();
    const at = (i: number): number => now + ((i * 37) % 100) - (i % 10 === 0 ? 60_000 : 0);
    const expected = Array.from({ length: 500 }, (_, i) => recordOf(`r${i}`, { at: at(i), decision: `d%_${i % 7}` }));
    for (const record of expected) store.append(record);
    expected.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
    const ids = (records: readonly { readonly id: string }[]): string[] => records.map(record => record.id);
    expect(ids(await store.list({ limit: 20 }))).toEqual(ids(expected.slice(0, 20)));
    expect(ids(await store.list({ limit: 1000 }))).toEqual(ids(expected));
    const third = expected.filter(record => record.decision === 'd%_3');
    expect(ids(await store.list({ decision: 'd%_3' }))).toEqual(ids(third));
    expect(await store.count({ decision: 'd%_3' })).toBe(third.length);
    expect(await store.count({ decision: 'd%_9' })).toBe(0);
    const before = expected[100]!.at;
    expect(ids(await store.list({ before, limit: 30 }))).toEqual(
      ids(expected.filter(record => record.at < before).slice(0, 30)),
    );
    await store.close();
  });

  it('finds records whatever stands before them in their batch', async () => {
    const store = await open(HELD);
    const texts = ['plain', 'ü\u{1F600}', '"quoted" \\ %', '\u0000', 'x'.repeat(70_000)];
    for (const [i, prompt] of [...texts, ...texts].entries()) {
      store.append(recordOf(`${prompt.slice(0, 9)}${i}`, { at: Date.now(), prompt }));
    }
    for (const [i, prompt] of [...texts, ...texts].entries()) {
      expect((await store.find(`${prompt.slice(0, 9)}${i}`))?.prompt).toBe(prompt);
    }
    await store.close();
  });

  it('deletes what is too old', async () => {
    const store = await open({ keepForMs: DAY });
    for (let i = 0; i < 700; i++) store.append(recordOf(`old${i}`, { at: Date.now() - DAY - 1000 - i }));
    store.append(recordOf('young', { at: Date.now() - DAY + 60_000 }));
    await store.flush();
    expect((await store.list()).map(record => record.id)).toEqual(['young']);
    expect(store.dropped).toBe(0);
    await store.close();
  });

  it('deletes the oldest beyond its size and gives the space back', async () => {
    const big = await open();
    for (let i = 0; i < 4000; i++) big.append(recordOf(`r${String(i).padStart(4, '0')}`, { at: Date.now() + i }));
    await big.close();
    expect(statSync(file()).size).toBeGreaterThan(3e6);
    const store = await open({ keepBytes: 1e6 });
    await store.flush();
    const left = await store.count();
    expect(left).toBeGreaterThan(300);
    expect(left).toBeLessThan(1500);
    expect((await store.list({ limit: 1 }))[0]?.id).toBe('r3999');
    expect(await store.find('r0000')).toBeUndefined();
    await store.close();
    expect(statSync(file()).size).toBeLessThanOrEqual(1e6);
  });

  it('stays within its size while it is written to', async () => {
    const store = await open({ keepBytes: 0.6e6 });
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 300; i++) store.append(recordOf(`r${round}-${i}`, { at: Date.now() }));
      await store.flush();
      expect(statSync(file()).size).toBeLessThanOrEqual(0.9e6);
    }
    await store.close();
  });
});

describe('the record in trouble', () => {
  it('says what is wrong with a file that is no database', async () => {
    writeFileSync(
      file(),
      'this is a text, and long enough to be taken for the header of a database file, or so one hopes'.repeat(20),
    );
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(isWeirError(error) && error.code).toBe('store.unavailable');
    expect(String(error)).toContain(file());
    await expect(openRecordReader(file())).rejects.toMatchObject({ code: 'store.unavailable' });
  });

  it('says so when the folder cannot be made or the path is a folder', async () => {
    writeFileSync(file('plain'), '');
    await expect(open({ path: join(file('plain'), 'record.db') })).rejects.toMatchObject({ code: 'store.unavailable' });
    await expect(open({ path: folder })).rejects.toMatchObject({
      code: 'store.unavailable',
      path: 'gateway.record.path',
    });
  });

  it('refuses a file of a newer Weir and leaves it alone', async () => {
    await (await open()).close();
    const database = new DatabaseSync(file());
    database.exec("insert into schema_version values (99, 'later')");
    database.close();
    await expect(open()).rejects.toMatchObject({ code: 'store.unavailable', hint: expect.stringContaining('newer') });
  });

  it('reads nothing where there is nothing, and makes no file', async () => {
    await expect(openRecordReader(file())).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(existsSync(file())).toBe(false);
  });

  it('drops and counts what exceeds the backlog, and writes the rest', async () => {
    const store = await open(HELD);
    for (let i = 0; i < 16_400; i++) store.append(recordOf(`r${i}`, { at: Date.now() }));
    expect(store.dropped).toBe(16);
    expect(await store.count()).toBe(16_384);
    store.append(recordOf('after', { at: Date.now() }));
    expect(await store.find('after')).toBeDefined();
    await store.close();
  });

  it('bounds the backlog by bytes too', async () => {
    const store = await open(HELD);
    const prompt = 'x'.repeat(4 * 1024 ** 2);
    for (let i = 0; i < 20; i++) store.append(recordOf(`r${i}`, { at: Date.now(), prompt }));
    expect(store.dropped).toBe(5);
    expect(await store.count()).toBe(15);
    await store.close();
  });

  it('leaves out a record that cannot be written, counts it and tells', async () => {
    const told: string[] = [];
    const store = await open({ onError: error => told.push(error.code) });
    store.append(recordOf('good', { at: Date.now() }));
    store.append(recordOf('bad', { at: Number.NaN }));
    store.append({ ...recordOf('worse'), outcome: undefined as never });
    store.append(recordOf('fine', { at: Date.now() }));
    await store.flush();
    expect(await store.count()).toBe(2);
    expect(store.dropped).toBe(2);
    expect(told).toEqual(['store.unavailable']);
    await store.close();
  });

  it('keeps what was flushed when the process is killed, and the file stays whole', async () => {
    const code = `
      import { openRecordStore } from '#store/record-store.js';
      const store = await openRecordStore({ path: ${JSON.stringify(file())}, keepForMs: 1e12, keepBytes: 1e9 });
      const record = ${JSON.stringify(recordOf('', { at: Date.now() }))};
      for (let i = 0; i < 200; i++) store.append({ ...record, id: 'flushed' + i });
      await store.flush();
      for (let i = 0; i < 10; i++) store.append({ ...record, id: 'waiting' + i });
      process.kill(process.pid, 'SIGKILL');
    `;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', code]).signal).toBe('SIGKILL');
    const store = await open();
    expect(await store.count()).toBe(200);
    store.append(recordOf('after', { at: Date.now() }));
    expect(await store.count()).toBe(201);
    await store.close();
  });

  it('does not keep a process alive, but does write before close resolves', () => {
    const code = `
      import { openRecordStore } from '#store/record-store.js';
      const store = await openRecordStore({ path: ${JSON.stringify(file())}, keepForMs: 1e9, keepBytes: 1e9 });
      store.append(${JSON.stringify(recordOf('one', { at: Date.now() }))});
      if (process.argv[1] === 'close') { await store.close(); console.log('closed'); }
    `;
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', code, ...args], { encoding: 'utf8' });
    expect(run()).toMatchObject({ status: 0 });
    expect(run('close')).toMatchObject({ status: 0, stdout: 'closed\n' });
    const database = new DatabaseSync(file(), { readOnly: true });
    expect(database.prepare('select count(*) as n from decisions').get()).toEqual({ n: 1 });
    database.close();
  });
});
