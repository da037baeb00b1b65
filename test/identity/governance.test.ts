import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '#contract/errors.js';
import type { Role } from '#contract/identity.js';
import type { Doer } from '#identity/governance.js';
import { atLeast, may, type Principal, ROLES } from '#identity/roles.js';
import { bench, grantOf, SYSTEM } from './support.js';

const who = (role: Role, team?: string, user?: string): Principal => ({
  kind: 'key',
  id: 'k',
  name: 'k',
  role,
  ...(team === undefined ? {} : { team }),
  ...(user === undefined ? {} : { user }),
});
const doer = (role: Role, team?: string, user?: string): Doer => ({
  principal: who(role, team, user),
  actor: { kind: 'key', id: 'k', address: '192.0.2.1' },
});

const actions = [
  'state.read',
  'records.read',
  'config.change',
  'audit.read',
  'usage.read',
  'key.read',
  'key.change',
  'team.read',
  'team.change',
  'user.read',
  'user.change',
] as const;

describe('roles', () => {
  it('allow what the table says', () => {
    const table = (role: Role, team: string | undefined, user: string | undefined, target: object) =>
      actions.filter(action => may(who(role, team, user), action, target));
    const mine = { team: 't', user: 'u' };
    const other = { team: 'o', user: 'x' };
    expect(table('admin', undefined, undefined, other)).toEqual(actions);
    expect(table('viewer', undefined, undefined, other)).toEqual(actions.filter(action => action.endsWith('.read')));
    expect(table('viewer', 't', undefined, other)).toEqual(['state.read']);
    expect(table('team_lead', 't', 'u', mine)).toEqual([
      'state.read',
      'records.read',
      'usage.read',
      'key.read',
      'key.change',
      'team.read',
      'user.read',
      'user.change',
    ]);
    expect(table('team_lead', 't', 'u', other)).toEqual(['state.read']);
    expect(table('user', 't', 'u', mine)).toEqual([
      'records.read',
      'usage.read',
      'key.read',
      'key.change',
      'team.read',
      'user.read',
    ]);
    expect(table('user', 't', 'u', other)).toEqual([]);
  });

  it('never give away more than they have, nor reach without a team or user of their own', () => {
    const some = fc.option(fc.constantFrom('a', 'b'), { nil: undefined });
    fc.assert(
      fc.property(
        fc.constantFrom(...ROLES),
        some,
        some,
        fc.constantFrom(...actions),
        some,
        some,
        fc.constantFrom(...ROLES),
        (role, team, user, action, ofTeam, ofUser, given) => {
          const principal = who(role, team, user);
          const allowed = may(principal, action, { team: ofTeam, user: ofUser, role: given });
          if (allowed && action.endsWith('.change')) expect(atLeast(role, given)).toBe(true);
          if (allowed && (role === 'user' || role === 'team_lead') && action !== 'state.read') {
            expect((team !== undefined && team === ofTeam) || (user !== undefined && user === ofUser)).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('management', () => {
  it('lets people do what their role allows, where it allows it', async () => {
    const { governance } = (await bench()).identity;
    for (const id of ['t', 'o']) await governance.createTeam(doer('admin'), { id });
    await governance.createUser(doer('admin'), { id: 'u', team: 't' });
    const lead = doer('team_lead', 't', 'lead');
    const { key } = await governance.createKey(lead, { name: 'a', team: 't' });
    const forbidden = { code: 'auth.role' };
    await expect(governance.createKey(lead, { name: 'b', team: 'o' })).rejects.toMatchObject(forbidden);
    await expect(governance.createKey(lead, { name: 'b', team: 't', role: 'admin' })).rejects.toMatchObject(forbidden);
    await expect(governance.changeKey(lead, key.id, { team: 'o' })).rejects.toMatchObject(forbidden);
    await expect(governance.changeKey(lead, key.id, { role: 'admin' })).rejects.toMatchObject(forbidden);
    await expect(governance.changeTeam(lead, 't', { budgets: [] })).rejects.toMatchObject(forbidden);
    await expect(governance.audit(lead, {})).rejects.toMatchObject(forbidden);
    await governance.changeUser(lead, 'u', { limits: { concurrency: 3 } });
    const own = await governance.createKey(doer('user', undefined, 'u'), { name: 'mine', user: 'u' });
    await expect(governance.createKey(doer('user', undefined, 'u'), { name: 'x' })).rejects.toMatchObject(forbidden);
    await expect(governance.rotateKey(doer('user', undefined, 'u'), key.id)).rejects.toMatchObject({
      code: 'identity.not_found',
    });
    expect((await governance.keys(doer('user', undefined, 'u'))).map(({ id }) => id)).toEqual([own.key.id]);
    expect((await governance.keys(doer('viewer', 'o'))).length).toBe(0);
    expect((await governance.keys(doer('viewer'))).length).toBe(2);
    await expect(governance.revokeKey(doer('viewer'), key.id)).rejects.toMatchObject(forbidden);
    // A key of an admin is not the lead's to rotate, though it is of the team.
    const high = await governance.createKey(doer('admin'), { name: 'high', team: 't', role: 'admin' });
    await expect(governance.rotateKey(lead, high.key.id)).rejects.toMatchObject(forbidden);
  });

  it('gives nobody a key of another team, or of a user who is not theirs', async () => {
    const { identity } = await bench();
    const { governance } = identity;
    for (const id of ['t', 'o']) await governance.createTeam(doer('admin'), { id });
    await governance.createUser(doer('admin'), { id: 'lead', team: 't', role: 'team_lead' });
    await governance.createUser(doer('admin'), { id: 'u', team: 't' });
    await governance.createUser(doer('admin'), { id: 'x', team: 'o' });
    const [lead, user] = [doer('team_lead', 't', 'lead'), doer('user', 't', 'u')];
    const forbidden = { code: 'auth.role' };
    // Its key would lead the other team, or spend what is the other team's.
    await expect(
      governance.createKey(lead, { name: 'k', user: 'lead', team: 'o', role: 'team_lead' }),
    ).rejects.toMatchObject(forbidden);
    await expect(governance.createKey(user, { name: 'k', user: 'u', team: 'o' })).rejects.toMatchObject(forbidden);
    // Its key would be somebody else: see and rotate the keys of a user of the other team.
    await expect(governance.createKey(lead, { name: 'k', team: 't', user: 'x' })).rejects.toMatchObject(forbidden);
    await expect(governance.createKey(lead, { name: 'k', team: 't', user: 'u' })).resolves.toBeDefined();
    for (const who of [lead, user]) {
      const own = await governance.createKey(who, { name: 'own', user: who.principal.user! });
      await expect(governance.changeKey(who, own.key.id, { team: 'o' })).rejects.toMatchObject(forbidden);
      await expect(governance.changeKey(who, own.key.id, { user: 'x' })).rejects.toMatchObject(forbidden);
      await expect(governance.changeKey(who, own.key.id, { team: 't', name: 'mine' })).resolves.toBeDefined();
    }
    // Whose team only a token names makes keys that count for it, and takes none of them out of it.
    const fromToken = doer('user', 'told', 'v');
    await governance.createTeam(doer('admin'), { id: 'told' });
    await governance.createUser(doer('admin'), { id: 'v' });
    const told = await governance.createKey(fromToken, { name: 'k', user: 'v' });
    expect(told.key).toMatchObject({ team: 'told' });
    await expect(governance.changeKey(fromToken, told.key.id, { team: null })).rejects.toMatchObject(forbidden);
    // What an admin put together may still be renamed, limited and ended by those it belongs to.
    const mixed = await governance.createKey(doer('admin'), { name: 'mixed', team: 'o', user: 'u' });
    await expect(governance.changeKey(user, mixed.key.id, { name: 'renamed' })).resolves.toBeDefined();
    await expect(governance.revokeKey(user, mixed.key.id)).resolves.toBeDefined();
  });

  it('logs each change with before and after, who and from where, and no secret or hash of one', async () => {
    const { identity, store } = await bench();
    const { secret, key } = await identity.governance.createKey(doer('admin'), { name: 'k' });
    await identity.governance.changeKey(doer('admin'), key.id, { limits: { concurrency: 2 } });
    const rotated = await identity.governance.rotateKey(doer('admin'), key.id);
    await identity.governance.revokeKey(doer('admin'), key.id);
    await identity.governance.revokeKey(doer('admin'), key.id);
    const rows = await identity.governance.audit(SYSTEM, { after: 0 });
    expect(rows.map(({ action }) => action)).toEqual(['key.create', 'key.update', 'key.rotate', 'key.revoke']);
    expect(rows[1]).toMatchObject({
      actor: { kind: 'key', id: 'k', address: '192.0.2.1' },
      before: { limits: {} },
      after: { limits: { concurrency: 2 } },
    });
    const hashes = [await store.find({ kind: 'key', id: key.id })].flatMap(entry =>
      entry?.kind === 'key' ? [entry.entity.hash, entry.entity.previous!.hash] : [],
    );
    expect(hashes).toHaveLength(2);
    const told = rows.map(({ before, after }) => JSON.stringify([before, after])).join();
    for (const text of [secret, rotated.secret, ...hashes]) expect(told).not.toContain(text);
    expect(await identity.governance.verifyAudit(SYSTEM)).toMatchObject({ entries: 4 });
  });

  it.each([
    [{}, 'name'],
    [{ name: 'k', models: ['*a*b*c*'] }, 'models[0]'],
    [{ name: 'k', budgets: [{ amount: 1, window: 'year' }] }, 'budgets[0].window'],
    [{ name: 'k', budgets: [{ amount: 1e9, window: 'day' }] }, 'budgets[0].amount'],
    [{ name: 'k', budgets: [{ amount: 1, window: 'day', timeZone: 'Mars/Base' }] }, 'budgets[0].timeZone'],
    [
      {
        name: 'k',
        budgets: [
          { amount: 1, window: 'day' },
          { amount: 2, window: 'day' },
        ],
      },
      'budgets',
    ],
    [{ name: 'k', limits: { requestsPerMinute: 0 } }, 'limits.requestsPerMinute'],
    [{ name: 'k', cidrs: ['10.0.0.0/40'] }, 'cidrs[0]'],
    [{ name: 'k\n' + '\u0007' }, 'name'],
  ])('refuses the form %j and says where', async (form, path) => {
    const { governance } = (await bench()).identity;
    await expect(governance.createKey(SYSTEM, form)).rejects.toMatchObject({ code: 'identity.invalid', path });
  });
});

describe('what a key, team or user may be made for', () => {
  const names = new Set(['auto', 'qwen-8b', 'qwen-32b']);
  const models = () => ({ has: (name: string) => names.has(name), suggestion: (name: string) => `not ${name}` });
  const invalid = (path: string, hint?: string) => ({ code: 'identity.invalid', path, ...(hint && { hint }) });

  it('is models that there are, virtual ones and globs', async () => {
    const { governance } = (await bench({}, { models })).identity;
    const good = ['auto', 'qwen-8b', 'qwen-*', 'mistral-*', '*'];
    const { key } = await governance.createKey(SYSTEM, { name: 'k', models: good });
    await governance.createTeam(SYSTEM, { id: 't', models: good });
    await governance.createUser(SYSTEM, { id: 'u', models: good });
    const bad = { models: ['auto', 'gpt'] };
    const wrong = invalid('models[1]', 'not gpt');
    await expect(governance.createKey(SYSTEM, { name: 'k', ...bad })).rejects.toMatchObject(wrong);
    await expect(governance.changeKey(SYSTEM, key.id, bad)).rejects.toMatchObject(wrong);
    await expect(governance.createTeam(SYSTEM, { id: 't2', ...bad })).rejects.toMatchObject(wrong);
    await expect(governance.changeTeam(SYSTEM, 't', bad)).rejects.toMatchObject(wrong);
    await expect(governance.createUser(SYSTEM, { id: 'u2', ...bad })).rejects.toMatchObject(wrong);
    await expect(governance.changeUser(SYSTEM, 'u', bad)).rejects.toMatchObject(wrong);
    expect(await governance.keys(SYSTEM)).toMatchObject([{ models: good }]);
  });

  it('may stay what it was when a model has gone, and grows by none that there is not', async () => {
    const { governance } = (await bench({}, { models })).identity;
    const { key } = await governance.createKey(SYSTEM, { name: 'k', models: ['qwen-8b'] });
    names.delete('qwen-8b');
    await governance.changeKey(SYSTEM, key.id, { models: ['auto', 'qwen-8b'], disabled: false });
    await governance.rotateKey(SYSTEM, key.id);
    const more = governance.changeKey(SYSTEM, key.id, { models: ['qwen-8b', 'qwen-9b'] });
    await expect(more).rejects.toMatchObject(invalid('models[1]'));
    names.add('qwen-8b');
  });

  it('is told with no names to who is no admin', async () => {
    const { governance } = (await bench({}, { models })).identity;
    await governance.createTeam(SYSTEM, { id: 't' });
    const made = governance.createKey(doer('team_lead', 't', 'u'), { name: 'k', team: 't', models: ['gpt'] });
    await expect(made).rejects.toMatchObject({ hint: expect.stringContaining('/v1/models') as string });
  });

  it('is a time to come', async () => {
    const { identity, clock } = await bench();
    const { governance } = identity;
    const now = clock.wall();
    const wrong = invalid('expiresAt');
    for (const expiresAt of [now, now - 1, 0, -1e300]) {
      await expect(governance.createKey(SYSTEM, { name: 'k', expiresAt })).rejects.toMatchObject(wrong);
    }
    const inSeconds = governance.createKey(SYSTEM, { name: 'k', expiresAt: Math.ceil(now / 1000) + 60 });
    await expect(inSeconds).rejects.toMatchObject({ hint: expect.stringContaining('did you mean') as string });
    const { key } = await governance.createKey(SYSTEM, { name: 'k', expiresAt: now + 1 });
    await expect(governance.changeKey(SYSTEM, key.id, { expiresAt: now })).rejects.toMatchObject(wrong);
    clock.advance(1);
    // What is over can be changed otherwise, and be given more time; another secret would be good for nothing.
    await governance.changeKey(SYSTEM, key.id, { name: 'old', expiresAt: now + 1 });
    await expect(governance.rotateKey(SYSTEM, key.id)).rejects.toMatchObject(wrong);
    await governance.changeKey(SYSTEM, key.id, { expiresAt: now + 100 });
    await governance.rotateKey(SYSTEM, key.id);
    clock.advance(100);
    await governance.changeKey(SYSTEM, key.id, { expiresAt: null });
    await expect(governance.rotateKey(SYSTEM, key.id)).resolves.toBeDefined();
  });

  it('is a time to come for another amount of a budget, too, unless it stood before', async () => {
    const { identity, clock } = await bench();
    const { governance } = identity;
    const now = clock.wall();
    const budgets = (until: number, amount = 2) => [
      { amount: 1, window: 'day' },
      { amount: 1, window: 'hour', override: { amount, until } },
    ];
    const wrong = invalid('budgets[1].override.until');
    await expect(governance.createTeam(SYSTEM, { id: 't', budgets: budgets(now) })).rejects.toMatchObject(wrong);
    await governance.createTeam(SYSTEM, { id: 't', budgets: budgets(now + 1) });
    await expect(governance.changeTeam(SYSTEM, 't', { budgets: budgets(now - 1) })).rejects.toMatchObject(wrong);
    clock.advance(1);
    await governance.changeTeam(SYSTEM, 't', { name: 'T', budgets: budgets(now + 1) });
    const raised = governance.changeTeam(SYSTEM, 't', { budgets: budgets(now + 1, 3) });
    await expect(raised).rejects.toMatchObject(wrong);
  });
});

describe('a change that is written', () => {
  it('is said to be made, secret and all, though others cannot be told of it', async () => {
    const errors: unknown[] = [];
    const { identity } = await bench(
      {},
      {
        onChange: () => Promise.reject(new WeirError('internal.defect', 'nobody answers')),
        onError: error => errors.push(error),
      },
    );
    const { key, secret } = await identity.governance.createKey(SYSTEM, {
      name: 'app',
      budgets: [{ amount: 1, window: 'day' }],
    });
    expect((await grantOf(identity, secret)).principal.id).toBe(key.id);
    await identity.governance.revokeKey(SYSTEM, key.id);
    expect(await identity.authenticate({ credential: `Bearer ${secret}`, address: '127.0.0.1' })).toMatchObject({
      code: 'auth.revoked',
    });
    expect(errors).toMatchObject([{ message: 'nobody answers' }, { message: 'nobody answers' }]);
  });
});
