import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, expect, it } from 'vitest';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { openSqliteIdentityStore } from '#store/sqlite-identity-store.js';
import { openIdentityStore } from '#store/threaded-identity-store.js';
import { identityStoreContract } from '../contracts/identity-store.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
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

it('says what is wrong with a file it cannot use', async () => {
  const path = join(folder, 'no-database');
  (await import('node:fs')).writeFileSync(path, 'x'.repeat(5000));
  expect(() => openSqliteIdentityStore(path)).toThrow('cannot be opened');
  await expect(openIdentityStore(path)).rejects.toMatchObject({ code: 'store.unavailable', path: 'gateway.auth.path' });
});
