import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, expect, it } from 'vitest';
import type { IdentityStore } from '#contract/identity-store.js';
import { openIdentity, SYSTEM } from '#identity/identity.js';
import { authSchema } from '#identity/schema.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { openSqliteIdentityStore } from '#store/sqlite-identity-store.js';
import { openIdentityStore } from '#store/threaded-identity-store.js';
import { identityStoreContract } from '../contracts/identity-store.js';
import { VirtualClock } from '../support/virtual-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const ports = (store: IdentityStore) => ({
  store,
  clock: new VirtualClock(),
  fetchJson: () => Promise.reject(new Error('no')),
});
const file = () => join(folder, `${files++}`, 'identity.db');

identityStoreContract('the memory store', async () => memoryIdentityStore());
identityStoreContract('SQLite', async () => openSqliteIdentityStore(file()));
identityStoreContract('SQLite in a thread', () => openIdentityStore(file()));

it('makes a file that only its owner can read, and reads what another process wrote to it', async () => {
  const path = file();
  const gateway = await openIdentityStore(path);
  const command = openSqliteIdentityStore(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const draft = { at: 1, actor: { kind: 'cli' as const, id: 'x' }, action: 'a', target: { kind: 'k', id: 'i' } };
  await Promise.all([1, 2, 3, 4].flatMap(() => [gateway.log(draft), command.log(draft)]));
  expect(await gateway.auditHead()).toBe(8);
  await Promise.all([gateway.close(), command.close()]);
});

it('asks another thread once one has died, whose end is told twice', async () => {
  const store = await openIdentityStore(file());
  const draft = { at: 1, actor: { kind: 'cli' as const, id: 'x' }, action: 'a', target: { kind: 'k', id: 'i' } };
  await store.log(draft);
  const { worker: dead } = store as unknown as { readonly worker: Worker };
  const unanswered = store.auditHead();
  dead.emit('error', new Error('out of memory'));
  await expect(unanswered).rejects.toMatchObject({ code: 'store.unavailable' });
  const again = store.log(draft);
  dead.emit('exit', 1);
  expect(await again).toMatchObject({ seq: 2 });
  await store.close();
  await expect(store.load()).rejects.toMatchObject({ code: 'store.unavailable' });
  await dead.terminate();
});

it('lets no row of the log be changed or deleted', async () => {
  const path = file();
  const store = openSqliteIdentityStore(path);
  await store.log({ at: 1, actor: { kind: 'cli', id: 'x' }, action: 'a', target: { kind: 'k', id: 'i' } });
  await store.close();
  const database = new DatabaseSync(path);
  expect(() => database.exec("update audit_log set text = 'x'")).toThrow('append-only');
  expect(() => database.exec('delete from audit_log')).toThrow('append-only');
  database.close();
});

it.each([
  ['what a row says', "update audit_log set text = replace(text, 'key.create', 'key.update') where seq = 2", 2],
  ['who is searched for', "update audit_log set actor = 'someone' where seq = 2", 2],
  ['what is searched for', "update audit_log set target = 'something' where seq = 3", 3],
  ['when it was', 'update audit_log set at = at - 60000 where seq = 1', 1],
  ['a row in the middle', 'delete from audit_log where seq = 2', 2],
  ['the rows at the end', 'delete from audit_log where seq > 2', 3],
])('a log is found to have been altered by whoever can take its triggers away: %s', async (_, statement, seq) => {
  const path = file();
  const identity = () => openIdentity(authSchema.parse({}), ports(openSqliteIdentityStore(path)));
  const first = await identity();
  for (const name of ['a', 'b', 'c']) {
    const actor = { kind: 'user', id: 'half a pair \ud800' } as const;
    await first.governance.createKey({ ...SYSTEM, actor }, { name });
  }
  expect(await first.governance.verifyAudit(SYSTEM)).not.toHaveProperty('broken');
  await first.close();
  const database = new DatabaseSync(path);
  database.exec(`drop trigger audit_log_keeps; drop trigger audit_log_stays; ${statement}`);
  database.close();
  const second = await identity();
  expect(await second.governance.verifyAudit(SYSTEM)).toMatchObject({ broken: { seq } });
  await second.close();
});

it('says what is wrong with a file it cannot use', async () => {
  const path = join(folder, 'no-database');
  (await import('node:fs')).writeFileSync(path, 'x'.repeat(5000));
  expect(() => openSqliteIdentityStore(path)).toThrow('cannot be opened');
  await expect(openIdentityStore(path)).rejects.toMatchObject({ code: 'store.unavailable', path: 'gateway.auth.path' });
});
