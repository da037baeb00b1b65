import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { WeirError } from '#contract/errors.js';
import { openPostgresRecords } from '#store/postgres/open.js';
import { recordStoreContract } from '../../contracts/record-store.js';
import { POSTGRES, type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { describeWith } from '../../support/real-component.js';
import { recordOf } from '../records.js';

describeWith('postgresql', POSTGRES, 'the record in a real Postgres', binaries => {
  let server: PostgresServer;
  const ask = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client(server.url);
    await client.connect();
    try {
      const results = [await client.query(text)].flat();
      return (results.at(-1)?.rows ?? []) as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const open = (options: Partial<Parameters<typeof openPostgresRecords>[0]> = {}) =>
    openPostgresRecords({ url: server.url, keepForMs: 3_600_000, ...options });

  beforeAll(async () => {
    server = await startPostgres(binaries);
  });
  afterAll(() => server.close());
  beforeEach(() => ask('drop schema if exists weir cascade'));

  recordStoreContract('Postgres', open);

  it('has a row a request, for people who ask in SQL', async () => {
    const store = await open();
    const record = recordOf('one', { at: 1_700_000_000_000 });
    store.append(record);
    await store.flush();
    const [row] = await ask('select at, model, cost_usd, prompt_tokens, record from weir.records');
    expect(row).toMatchObject({
      at: new Date(1_700_000_000_000),
      model: record.outcome.model,
      cost_usd: record.outcome.costUsd ?? null,
      record,
    });
    await store.close();
  });

  it('is written by several at once, each record once', async () => {
    const stores = await Promise.all([open(), open(), open()]);
    for (let i = 0; i < 300; i++) for (const store of stores) store.append(recordOf(`r${i}`, { at: Date.now() }));
    await Promise.all(stores.map(store => store.flush()));
    expect(await stores[0]!.count()).toBe(300);
    await Promise.all(stores.map(store => store.close()));
  });

  it('keeps text that Postgres cannot hold, and finds by it', async () => {
    const store = await open();
    const odd = ['a\0b', '\u{D800}', 'x\u{DC00}y', '\u{F8FF}0000', '\\u0000', '\\\0', '\u{1F600}'];
    for (const text of odd) store.append(recordOf(text, { at: Date.now(), decision: text, prompt: text }));
    for (const text of odd) {
      expect(await store.find(text)).toMatchObject({ id: text, decision: text, prompt: text });
      expect(await store.count({ decision: text })).toBe(1);
    }
    await store.close();
    expect(store.dropped).toBe(0);
  });

  it('counts a record that the server refuses, and writes the others', async () => {
    const errors: WeirError[] = [];
    const store = await open({ onError: error => errors.push(error) });
    const noise = randomBytes(20_000).toString('hex');
    const record = recordOf('long', { at: Date.now() });
    store.append(recordOf('one', { at: Date.now() }));
    store.append({ ...record, profile: { ...record.profile, session: noise } });
    store.append(recordOf('two', { at: Date.now() }));
    await store.flush();
    expect(await store.count()).toBe(2);
    expect([store.dropped, store.up]).toEqual([1, true]);
    expect(errors[0]?.message).toMatch(/refused/);
    await store.close();
  });

  it('deletes records by age', async () => {
    const store = await open({ pruneEveryMs: 20 });
    for (let i = 0; i < 2500; i++) store.append(recordOf(`old${i}`, { at: Date.now() - 3_600_001 }));
    store.append(recordOf('new', { at: Date.now() }));
    await store.flush();
    await expect.poll(() => store.count()).toBe(1);
    await store.close();
  });

  it('looks records up by index', async () => {
    const store = await open();
    const plan = async (where: string) => {
      const rows = await ask(`set enable_seqscan = off; explain select record from weir.records where ${where}
        order by at_ms desc, id desc limit 100`);
      return JSON.stringify(rows);
    };
    expect(await plan('true')).toContain('records_at');
    expect(await plan("session = 's'")).toContain('records_session');
    expect(await plan("caller = 'k'")).toContain('records_caller');
    await store.close();
  });

  it('loses nothing when the server is killed under load and comes back', async () => {
    const errors: WeirError[] = [];
    const store = await open({ onError: error => errors.push(error) });
    let appended = 0;
    const append = (count: number) => {
      for (let i = 0; i < count; i++) store.append(recordOf(`r${appended++}`, { at: Date.now() }));
    };
    append(500);
    await store.flush();
    append(200);
    await server.kill();
    append(200);
    await expect.poll(() => store.up).toBe(false);
    await expect(store.list()).rejects.toMatchObject({ code: 'store.unavailable' });
    append(200);
    expect(store.backlog).toBeGreaterThanOrEqual(200);
    await server.start();
    await expect.poll(() => store.up && store.backlog === 0).toBe(true);
    expect(await store.count()).toBe(appended);
    expect(store.dropped).toBe(0);
    expect(errors[0]?.code).toBe('store.unavailable');
    await store.close();
  });

  it('drops and counts what exceeds the backlog, and begins without a server', async () => {
    await server.kill();
    const store = await open({ backlog: 100 });
    for (let i = 0; i < 130; i++) store.append(recordOf(`r${i}`, { at: Date.now() }));
    expect([store.up, store.backlog, store.dropped]).toEqual([false, 100, 30]);
    await server.start();
    await expect.poll(() => store.backlog).toBe(0);
    expect(await store.count()).toBe(100);
    await store.close();
    expect(store.dropped).toBe(30);
  });

  it('refuses to begin where waiting would not help', async () => {
    await expect(open({ url: server.url.replace(/postgres$/, 'nosuch') })).rejects.toMatchObject({
      code: 'store.unavailable',
      path: 'gateway.record.postgres',
    });
    const store = await open();
    await store.close();
    await ask("insert into weir.schema_version (name, version) values ('record', 999)");
    await expect(open()).rejects.toThrow(/newer Weir/);
  });
});
