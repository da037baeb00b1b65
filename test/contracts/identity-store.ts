import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditChain } from '#contract/audit.js';
import type { Key, Team } from '#contract/identity.js';
import { ALL_TIME, type IdentityStore, type SpendDelta } from '#contract/identity-store.js';

const team = (id: string, changes: Partial<Team> = {}): Team => ({
  id,
  name: id,
  models: [],
  limits: {},
  budgets: [],
  disabled: false,
  metadata: {},
  createdAt: 1,
  ...changes,
});

const key: Key = {
  ...team('key_1'),
  hash: 'h',
  prefix: 'wk-abcd',
  role: 'user',
  cidrs: ['10.0.0.0/8'],
  createdBy: 'cli',
  budgets: [
    { unit: 'usd', amount: 1.5, window: 'month', timeZone: 'Europe/Paris', alertAt: [0.5], reserve: 'maximum' },
  ],
};

const audit = (action: string, id: string, after?: unknown) => ({
  at: 1_700_000_000_000.5,
  actor: { kind: 'cli' as const, id: 'ada' },
  action,
  target: { kind: 'team', id },
  ...(after === undefined ? {} : { after }),
});

const delta = (id: string, bucket: number, nanoUsd: number): SpendDelta => ({
  kind: 'team',
  id,
  bucket,
  nanoUsd,
  promptTokens: 2,
  completionTokens: 3,
  requests: 1,
});

/** What every {@link IdentityStore} does. */
export function identityStoreContract(name: string, open: () => Promise<IdentityStore>): void {
  describe(`${name} as an identity store`, () => {
    let store: IdentityStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('keeps entities whole, with a version that counts their changes', async () => {
      await store.commit({ put: { kind: 'key', version: 0, entity: key }, audit: audit('key.create', 'key_1') });
      await store.commit({
        put: { kind: 'team', version: 0, entity: team('key_1') },
        audit: audit('team.create', 'key_1'),
      });
      expect(await store.find({ kind: 'key', id: 'key_1' })).toEqual({ kind: 'key', version: 1, entity: key });
      const changed = { ...key, disabled: true };
      await store.commit({ put: { kind: 'key', version: 1, entity: changed }, audit: audit('key.update', 'key_1') });
      expect(await store.find({ kind: 'key', id: 'key_1' })).toEqual({ kind: 'key', version: 2, entity: changed });
      expect(await store.load()).toHaveLength(2);
      expect(await store.find({ kind: 'user', id: 'key_1' })).toBeUndefined();
    });

    it('refuses a second with one id, and a change from a version that is no more; then nothing is logged', async () => {
      const put = { kind: 'team' as const, version: 0, entity: team('a') };
      await store.commit({ put, audit: audit('team.create', 'a') });
      await expect(store.commit({ put, audit: audit('team.create', 'a') })).rejects.toMatchObject({
        code: 'identity.exists',
      });
      const stale = { put: { ...put, version: 7 }, audit: audit('team.update', 'a') };
      await expect(store.commit(stale)).rejects.toMatchObject({ code: 'identity.conflict' });
      expect(await store.auditHead()).toBe(1);
      expect(await store.audit()).toHaveLength(1);
    });

    it('of two changes made from one version at once lets one through', async () => {
      await store.commit({ put: { kind: 'team', version: 0, entity: team('a') }, audit: audit('team.create', 'a') });
      const change = (disabled: boolean) =>
        store.commit({
          put: { kind: 'team', version: 1, entity: team('a', { disabled }) },
          audit: audit('team.update', 'a'),
        });
      const results = await Promise.allSettled([change(true), change(false)]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await store.auditHead()).toBe(2);
    });

    it('chains the log, lists it either way, and filters it', async () => {
      for (let at = 0; at < 5; at++)
        await store.log(audit(`a.${at}`, at % 2 === 0 ? 'even' : 'odd', { at, nested: { b: 1, a: [2] } }));
      const rows = await store.audit({ after: 0 });
      expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      const chain = new AuditChain();
      for (const row of rows) chain.add(row);
      expect(chain.verdict()).toEqual({ entries: 5, head: rows[4]!.hash });
      expect((await store.audit({ limit: 2 })).map(({ seq }) => seq)).toEqual([5, 4]);
      expect((await store.audit({ before: 3 })).map(({ seq }) => seq)).toEqual([2, 1]);
      expect((await store.audit({ target: 'odd' })).map(({ action }) => action)).toEqual(['a.3', 'a.1']);
      expect(await store.audit({ actor: 'nobody' })).toEqual([]);
      expect(rows[0]).toMatchObject({ actor: { kind: 'cli', id: 'ada' }, after: { at: 0, nested: { a: [2], b: 1 } } });
    });

    it('adds spending up, by bucket and of all time', async () => {
      const many = Array.from({ length: 450 }, (_, at) => delta('b', 1_000_000 + at, 1));
      await store.addSpend([delta('a', 0, 1e15), delta('a', 900_000, 5), delta('a', ALL_TIME, 7), ...many]);
      await store.addSpend([delta('a', 900_000, 6)]);
      const ref = { kind: 'team', id: 'a' } as const;
      expect(await store.spent(ref, 0)).toEqual({
        nanoUsd: 1e15 + 11,
        promptTokens: 6,
        completionTokens: 9,
        requests: 3,
      });
      expect(await store.spent(ref, 900_000)).toMatchObject({ nanoUsd: 11 });
      expect(await store.spent(ref, ALL_TIME)).toMatchObject({ nanoUsd: 7 });
      expect(await store.spent({ kind: 'key', id: 'a' }, 0)).toMatchObject({ nanoUsd: 0, requests: 0 });
      expect(await store.usage('team', 0, 1_000_100)).toEqual([
        { kind: 'team', id: 'a', nanoUsd: 1e15 + 11, promptTokens: 6, completionTokens: 9, requests: 3 },
        { kind: 'team', id: 'b', nanoUsd: 100, promptTokens: 200, completionTokens: 300, requests: 100 },
      ]);
      expect(await store.pruneSpend(900_000)).toBe(1);
      expect(await store.spent(ref, 0)).toMatchObject({ nanoUsd: 11 });
      expect(await store.spent(ref, ALL_TIME)).toMatchObject({ nanoUsd: 7 });
    });

    it('adds a batch once, however often it is sent, and any other whatever its place', async () => {
      const ref = { kind: 'team', id: 'a' } as const;
      const add = (writer: string, seq: number, oldest: number) =>
        store.addSpend([delta('a', 0, 1)], { writer, seq, oldest });
      for (const seq of [2, 1, 2, 1, 3]) await add('w', seq, 1);
      await Promise.all([add('v', 1, 1), add('v', 1, 1), add('w', 3, 3)]);
      expect(await store.spent(ref, 0)).toMatchObject({ nanoUsd: 4, requests: 4 });
    });

    it('does in order what it is asked at once', async () => {
      const ref = { kind: 'team', id: 'a' } as const;
      const asked: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) asked.push(store.addSpend([delta('a', 0, 1)]), store.spent(ref, 0));
      const answers = await Promise.all(asked);
      expect(answers.filter(answer => answer !== undefined)).toMatchObject(
        Array.from({ length: 20 }, (_, i) => ({ nanoUsd: i + 1 })),
      );
    });

    it('remembers when keys were used last', async () => {
      await store.touch([
        ['key_1', 5],
        ['key_2', 6],
      ]);
      await store.touch([['key_1', 9]]);
      await store.touch([['key_1', 8]]);
      await store.touch([]);
      expect([...(await store.lastUses())].sort()).toEqual([
        ['key_1', 9],
        ['key_2', 6],
      ]);
    });
  });
}
