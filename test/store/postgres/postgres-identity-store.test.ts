import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import type { IdentityStore } from '#contract/identity-store.js';
import { machineClock } from '#gateway/machine-clock.js';
import { type Identity, openIdentity, SYSTEM } from '#identity/identity.js';
import { authSchema } from '#identity/schema.js';
import { openPostgresIdentity } from '#store/postgres/open.js';
import { spendJournal } from '#store/spend-journal.js';
import { identityStoreContract } from '../../contracts/identity-store.js';
import { admit, grantOf, quote } from '../../identity/support.js';
import { POSTGRES, type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { describeWith } from '../../support/real-component.js';

describeWith('postgresql', POSTGRES, 'identity in a real Postgres', binaries => {
  let server: PostgresServer;
  const folder = mkdtempSync(join(tmpdir(), 'weir-spend-'));
  const ask = async (text: string): Promise<unknown[]> => {
    const client = new pg.Client(server.url);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  const openStore = (): Promise<IdentityStore> => openPostgresIdentity(server.url);

  beforeAll(async () => {
    server = await startPostgres(binaries);
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => ask('drop schema if exists weir cascade'));

  identityStoreContract('Postgres', openStore);

  /** Identity as a gateway has it. `pollMs`: how often it looks for changes by itself. */
  const gateway = async (pollMs: number, errors: unknown[] = []): Promise<Identity> =>
    openIdentity(authSchema.parse({ required: true }), {
      store: await openStore(),
      clock: machineClock,
      fetchJson: () => Promise.reject(new Error('no network')),
      onError: error => errors.push(error),
      journal: spendJournal(join(folder, 'identity.db')),
      flushEveryMs: 20,
      refreshEveryMs: pollMs,
    });
  const codeFor = async (identity: Identity, secret: string): Promise<string> => {
    const grant = await identity.authenticate({ credential: `Bearer ${secret}`, address: '127.0.0.1' });
    return isWeirError(grant) ? grant.code : 'known';
  };
  const spentBy = async (id: string): Promise<bigint> => {
    const rows = await ask(`select nano_usd from weir.spend where kind = 'key' and id = '${id}' and bucket = -1`);
    return BigInt((rows[0] as { nano_usd?: string } | undefined)?.nano_usd ?? 0);
  };

  it.each([
    ['by notice', 3_600_000],
    ['by polling, where notices do not come', 50],
  ])('tells other gateways what was changed %s', async (how, pollMs) => {
    const [one, two] = await Promise.all([gateway(pollMs), gateway(pollMs)]);
    if (how !== 'by notice') await ask('drop trigger audit_log_tells on weir.audit_log');
    const { key, secret } = await one.governance.createKey(SYSTEM, { name: 'k' });
    await expect.poll(() => codeFor(two, secret)).toBe('known');
    await two.governance.revokeKey(SYSTEM, key.id);
    expect(await codeFor(two, secret)).toBe('auth.revoked');
    await expect.poll(() => codeFor(one, secret)).toBe('auth.revoked');
    await Promise.all([one.close(), two.close()]);
  });

  it('chains the rows of several writers, and lets none be changed', async () => {
    const stores = await Promise.all([openStore(), openStore(), openStore()]);
    const draft = (at: number) => ({
      at,
      actor: { kind: 'cli' as const, id: 'x' },
      action: 'a',
      target: { kind: 'k', id: 'i' },
    });
    await Promise.all(Array.from({ length: 150 }, (_, i) => stores[i % 3]!.log(draft(i))));
    const identity = await gateway(1000);
    expect(await identity.governance.verifyAudit(SYSTEM)).toMatchObject({ entries: 150 });
    for (const change of [
      "update weir.audit_log set text = 'x'",
      'delete from weir.audit_log',
      'truncate weir.audit_log',
    ])
      await expect(ask(change)).rejects.toThrow('append-only');
    await Promise.all([...stores, identity].map(open => open.close()));
  });

  it('adds up what two gateways spend at once, to the last nano-USD', async () => {
    const gateways = await Promise.all([gateway(50), gateway(50)]);
    const { key, secret } = await gateways[0].governance.createKey(SYSTEM, { name: 'k' });
    await expect.poll(() => codeFor(gateways[1], secret)).toBe('known');
    let sum = 0n;
    for (let i = 0; i < 400; i++) {
      const admission = await admit(gateways[i % 2]!, secret);
      admission.settle(Date.now(), { nanoUsd: 1000 + i, promptTokens: 1, completionTokens: 1 });
      sum += BigInt(1000 + i);
      if (i % 50 === 0) await new Promise(resolve => setTimeout(resolve, 15));
    }
    await Promise.all(gateways.map(one => one.close()));
    expect(await spentBy(key.id)).toBe(sum);
  });

  it('loses no money and no known key when the server is killed under load and comes back', async () => {
    const errors: unknown[] = [];
    const gateways = await Promise.all([gateway(50, errors), gateway(50, errors)]);
    const { key, secret } = await gateways[0].governance.createKey(SYSTEM, {
      name: 'k',
      budgets: [{ amount: 1, window: 'month' }],
    });
    await expect.poll(() => codeFor(gateways[1], secret)).toBe('known');
    let spent = 0;
    let running = true;
    const load = gateways.map(async identity => {
      while (running) {
        const admission = await admit(identity, secret);
        expect(admission.reserve(Date.now(), quote(1000))).toBeUndefined();
        spent += 777;
        admission.settle(Date.now(), { nanoUsd: 777, promptTokens: 1, completionTokens: 1 });
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    });
    for (let i = 0; i < 3; i++) {
      await new Promise(resolve => setTimeout(resolve, 200));
      await server.kill();
      await expect.poll(() => gateways.every(identity => !identity.reachable)).toBe(true);
      await expect(gateways[1].governance.revokeKey(SYSTEM, key.id)).rejects.toMatchObject({
        code: 'store.unavailable',
        message: expect.stringContaining('identity database'),
      });
      await expect
        .poll(() => [...gateways[0].unwritten].some(({ id, nanoUsd }) => id === key.id && nanoUsd > 0))
        .toBe(true);
      await server.start();
      await expect.poll(() => gateways.every(identity => identity.reachable)).toBe(true);
    }
    running = false;
    await Promise.all(load);
    // Changes come through again.
    await gateways[1].governance.revokeKey(SYSTEM, key.id);
    await expect.poll(() => codeFor(gateways[0], secret)).toBe('auth.revoked');
    expect(await gateways[0].governance.verifyAudit(SYSTEM)).not.toHaveProperty('broken');
    await Promise.all(gateways.map(identity => identity.close()));
    expect(await spentBy(key.id)).toBe(BigInt(spent));
    expect(errors.length).toBeGreaterThan(0);
  });

  it('keeps what it cannot write at its end for the next gateway, which writes it once', async () => {
    const one = await gateway(50);
    const { key, secret } = await one.governance.createKey(SYSTEM, { name: 'k' });
    await server.kill();
    for (let i = 0; i < 10; i++) {
      (await admit(one, secret)).settle(Date.now(), { nanoUsd: 5, promptTokens: 1, completionTokens: 1 });
    }
    await one.close();
    expect(readdirSync(folder)).toHaveLength(1);
    await expect(openStore()).rejects.toMatchObject({ code: 'store.unavailable', path: 'gateway.auth.postgres' });
    await server.start();
    const both = await Promise.all([gateway(50), gateway(50)]);
    expect(await spentBy(key.id)).toBe(50n);
    expect(readdirSync(folder)).toEqual([]);
    expect((await grantOf(both[0], secret)).principal.id).toBe(key.id);
    await Promise.all(both.map(identity => identity.close()));
  });

  it('is set up once by several that begin at once, and is left alone where a newer Weir was', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, openStore));
    await Promise.all(stores.map(store => store.close()));
    expect(await ask('select name, version from weir.schema_version')).toEqual([{ name: 'identity', version: 1 }]);
    await ask("insert into weir.schema_version (name, version) values ('identity', 999)");
    await expect(openStore()).rejects.toThrow(/newer Weir/);
  });
});
