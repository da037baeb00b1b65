import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { WeirError } from '#contract/errors.js';
import { type PostgresResponseOptions, PostgresResponseStore } from '#store/postgres/postgres-response-store.js';
import { responseStoreContract, storedLike } from '../../contracts/response-store.js';
import { POSTGRES, type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { describeWith } from '../../support/real-component.js';

describeWith('postgresql', POSTGRES, 'stored responses in a real Postgres', binaries => {
  let server: PostgresServer;
  const open = (rest: Partial<PostgresResponseOptions> = {}) =>
    new PostgresResponseStore({
      url: server.url,
      keepForMs: 1e9,
      keep: 5,
      keepBytes: 1e9,
      pruneEveryMs: 0,
      ...rest,
    });

  beforeAll(async () => {
    server = await startPostgres(binaries);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query('drop schema if exists weir cascade');
    await client.end();
  });

  responseStoreContract('Postgres', () => open());

  it('are found by another gateway, and go on from one to the other', async () => {
    const [one, two] = [open(), open()];
    one.put(storedLike('1'));
    expect(await one.find('ada', '1')).toBeDefined();
    two.put(storedLike('2', { previous: '1' }));
    expect((await two.conversation('ada', '2'))?.map(({ id }) => id)).toEqual(['1', '2']);
    expect((await one.conversation('ada', '2'))?.map(({ id }) => id)).toEqual(['1', '2']);
    await Promise.all([one.close(), two.close()]);
  });

  it('go when they are too old, or together too large', async () => {
    const store = open({ keepForMs: 60_000, keepBytes: 3000 });
    store.put(storedLike('old', { at: Date.now() - 61_000 }));
    expect(await store.find('ada', 'old')).toBeUndefined();
    const now = Date.now();
    for (const [at, id] of ['a', 'b', 'c'].entries())
      store.put(storedLike(id, { at: now + at, input: 'x'.repeat(1200) }));
    expect(await store.find('ada', 'a')).toBeUndefined();
    expect(await store.find('ada', 'c')).toBeDefined();
    await store.close();
  });

  it('wait while the server is away, and are refused to whoever asks then', async () => {
    const errors: WeirError[] = [];
    const store = open({ onError: error => errors.push(error) });
    store.put(storedLike('1'));
    expect(await store.find('ada', '1')).toBeDefined();
    await server.kill();
    store.put(storedLike('2', { previous: '1' }));
    await expect(store.conversation('ada', '2')).rejects.toMatchObject({ code: 'store.unavailable' });
    await server.start();
    await expect.poll(() => store.conversation('ada', '2').catch(() => [])).toHaveLength(2);
    expect([store.dropped, errors.length]).toEqual([0, 1]);
    await store.close();
  });

  it('are written on although those beyond the bounds cannot be deleted just now', async () => {
    const errors: WeirError[] = [];
    const store = open({ onError: error => errors.push(error) });
    store.put(storedLike('1'));
    expect(await store.find('ada', '1')).toBeDefined();
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(`create function weir.refuse() returns trigger language plpgsql as
      $$ begin raise exception 'deadlock detected' using errcode = '40P01'; end $$`);
    await client.query(
      'create trigger refuse before delete on weir.responses for each statement execute function weir.refuse()',
    );
    store.put(storedLike('2'));
    await expect.poll(() => errors.length).toBe(1);
    store.put(storedLike('3'));
    const written = async () =>
      (await client.query('select id from weir.responses order by id')).rows.map(row => row.id);
    await expect.poll(written).toEqual(['1', '2', '3']);
    expect(errors[0]?.message).toContain('deadlock');
    await client.end();
    await store.close();
  });

  it('are looked for again where they were not found: another gateway may be about to write them', async () => {
    const one = open();
    let id = 0;
    const pause = async () => {
      one.put(storedLike(`${++id}`));
      await one.flush();
    };
    const two = open({ pause });
    expect((await two.find('ada', '1'))?.id).toBe('1');
    expect(await two.conversation('ada', '2')).toHaveLength(1);
    expect(await two.delete('ada', '3')).toBe(true);
    expect(id).toBe(3);
    expect(await two.find('ada', 'nowhere')).toBeUndefined();
    expect(id).toBe(5);
    await Promise.all([one.close(), two.close()]);
  });

  it('are written many at once, each as it was put last, and one that cannot be held alone is lost', async () => {
    const store = open({ keep: 500 });
    const now = Date.now();
    for (let at = 0; at < 200; at++) store.put(storedLike(`${at}`, { at: now + at }));
    store.put(storedLike('7', { at: now, response: '"again"' }));
    store.put(storedLike('bad', { response: 'a\0b' }));
    store.put(storedLike('last'));
    await store.flush();
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query('select count(*)::int as count from weir.responses');
    const { rows: calls } = await client.query('select distinct xmin::text from weir.responses');
    await client.end();
    expect([rows[0].count, store.dropped]).toEqual([201, 1]);
    expect(calls.length).toBeLessThan(80);
    expect((await store.find('ada', '7'))?.response).toBe('"again"');
    await store.close();
  });

  it('are found by names that Postgres cannot hold, and counted after close', async () => {
    const store = open();
    expect(await store.find('ada', 'a\0b')).toBeUndefined();
    store.put(storedLike('a\0b', { owner: 'x\0', response: '{}' }));
    expect(await store.find('x\0', 'a\0b')).toMatchObject({ id: 'a\0b', owner: 'x\0' });
    await store.close();
    store.put(storedLike('late'));
    expect(store.dropped).toBe(1);
    await expect(store.find('ada', 'late')).rejects.toMatchObject({ code: 'store.unavailable' });
  });
});
