import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Identity } from '#identity/identity.js';
import { openIdentity } from '#identity/identity.js';
import { authSchema } from '#identity/schema.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { bench, grantOf, SYSTEM } from './support.js';

const ISSUER = 'https://login.example.com';

/** An issuer that can change its keys, and counts who asks. */
class Issuer {
  asked: string[] = [];
  down = false;
  keys: { kid: string; pair: Awaited<ReturnType<typeof generateKeyPair>> }[] = [];

  async add(kid: string, algorithm = 'ES256'): Promise<void> {
    this.keys = [...this.keys, { kid, pair: await generateKeyPair(algorithm) }];
  }

  readonly fetchJson = async (url: string): Promise<unknown> => {
    this.asked.push(url);
    if (this.down) throw new Error('down');
    if (url.endsWith('/.well-known/openid-configuration')) return { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` };
    return {
      keys: await Promise.all(
        this.keys.map(async ({ kid, pair }) => ({ ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' })),
      ),
    };
  };

  token(
    claims: object,
    options: { kid?: string; unnamed?: true; iss?: string; aud?: string; exp?: number; now: number },
  ): Promise<string> {
    const { pair, kid } = this.keys.find(key => key.kid === (options.kid ?? 'one'))!;
    return new SignJWT({ ...claims })
      .setProtectedHeader(options.unnamed ? { alg: 'ES256' } : { alg: 'ES256', kid })
      .setIssuer(options.iss ?? ISSUER)
      .setAudience(options.aud ?? 'weir')
      .setIssuedAt(options.now / 1000)
      .setExpirationTime(options.exp ?? options.now / 1000 + 3600)
      .sign(pair.privateKey);
  }
}

const settings = {
  jwt: [
    {
      issuer: ISSUER,
      audience: 'weir',
      claims: { user: 'email', team: 'org.team', role: 'groups' },
      roles: { 'weir-admins': 'admin', leads: 'team_lead' },
    },
  ],
};

describe('tokens', () => {
  let issuer: Issuer;
  let clock: VirtualClock;
  let identity: Identity;
  const show = (token: string) => identity.authenticate({ credential: `Bearer ${token}`, address: '127.0.0.1' });
  const codeOf = async (token: string) => {
    const result = await show(token);
    return isWeirError(result) ? result.code : 'good';
  };

  beforeAll(async () => {
    issuer = new Issuer();
    await issuer.add('one');
    clock = new VirtualClock();
    ({ identity } = await bench(settings, { clock, fetchJson: issuer.fetchJson }));
  });

  it('are taken for who they say, with team and role out of their claims; a known one costs no promise', async () => {
    const token = await issuer.token(
      { email: 'ada@example.com', org: { team: 'research' }, groups: ['x', 'leads'] },
      { now: clock.wall() },
    );
    const grant = await show(token);
    if (isWeirError(grant)) throw grant;
    expect(grant.principal).toEqual({
      kind: 'token',
      id: 'ada@example.com',
      name: 'ada@example.com',
      role: 'team_lead',
      user: 'ada@example.com',
      team: 'research',
    });
    expect(grant.accounts.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['user ada@example.com', 'team research']);
    expect(show(token)).toBe(grant);
    expect(issuer.asked).toEqual([`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/keys`]);
  });

  it('are refused when anything about them is wrong', async () => {
    const now = clock.wall();
    const claims = { email: 'ada@example.com' };
    const good = await issuer.token(claims, { now });
    expect(await codeOf(good)).toBe('good');
    const [head, body, signature] = good.split('.') as [string, string, string];
    const forged = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), email: 'eve' }),
    ).toString('base64url');
    const bad = {
      issuer: await issuer.token(claims, { now, iss: 'https://evil.example' }),
      audience: await issuer.token(claims, { now, aud: 'other' }),
      expired: await issuer.token(claims, { now, exp: now / 1000 - 61 }),
      user: await issuer.token({}, { now }),
      forged: [head, forged, signature].join('.'),
      unsigned: new UnsecuredJWT(claims)
        .setIssuer(ISSUER)
        .setAudience('weir')
        .setExpirationTime(now / 1000 + 60)
        .encode(),
      secret: await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setAudience('weir')
        .setExpirationTime(now / 1000 + 60)
        .sign(new TextEncoder().encode('x'.repeat(32))),
      endless: await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(ISSUER)
        .setAudience('weir')
        .sign(issuer.keys[0]!.pair.privateKey),
    };
    for (const [what, token] of Object.entries(bad)) {
      expect([what, await codeOf(token)]).toEqual([what, what === 'expired' ? 'auth.expired' : 'auth.invalid']);
    }
    expect(await codeOf(await issuer.token(claims, { now, exp: now / 1000 - 30 }))).toBe('good');
  });

  it('end when they expire, though they are known', async () => {
    const token = await issuer.token({ email: 'u' }, { now: clock.wall(), exp: clock.wall() / 1000 + 10 });
    expect(await codeOf(token)).toBe('good');
    clock.advance(10_000 + 61_000);
    expect(await codeOf(token)).toBe('auth.expired');
  });

  it('signed with a new key make the keys be read anew, once in half a minute at most', async () => {
    await issuer.add('two');
    clock.advance(31_000);
    const before = issuer.asked.length;
    const token = () => issuer.token({ email: 'u' }, { kid: 'two', now: clock.wall() });
    expect(await codeOf(await token())).toBe('good');
    expect(issuer.asked.length).toBe(before + 2);
    await issuer.add('three');
    const hidden = issuer.keys;
    const unknown = await issuer.token({ email: 'u' }, { kid: 'three', now: clock.wall() });
    expect(hidden).toHaveLength(3);
    await Promise.all([1, 2, 3].map(() => codeOf(unknown)));
    expect(issuer.asked.length).toBe(before + 2);
  });

  it('that name no key are good by whichever key of the issuer signed them, and by no other', async () => {
    const unnamed = (kid: string) => issuer.token({ email: kid }, { kid, unnamed: true, now: clock.wall() });
    clock.advance(31_000);
    expect(await codeOf(await unnamed('one'))).toBe('good');
    expect(await codeOf(await unnamed('two'))).toBe('good');
    const [head, payload] = (await unnamed('two')).split('.');
    expect(await codeOf(`${head}.${payload}.${(await unnamed('one')).split('.')[2]}`)).toBe('auth.invalid');
    const old = await issuer.token({ email: 'u' }, { unnamed: true, exp: 1, now: clock.wall() });
    expect(await codeOf(old)).toBe('auth.expired');
    clock.advance(31_000);
    await issuer.add('new');
    expect(await codeOf(await unnamed('new'))).toBe('good');
  });

  it('are checked with the keys there are while the issuer is away', async () => {
    issuer.down = true;
    clock.advance(700_000);
    expect(await codeOf(await issuer.token({ email: 'u' }, { now: clock.wall() }))).toBe('good');
    issuer.down = false;
  });

  it('are checked with the keys there are after other settings came into force, too', async () => {
    issuer.down = true;
    identity.configure(authSchema.parse({ required: true, ...settings, unreported: 'free' }));
    clock.advance(700_000);
    expect(await codeOf(await issuer.token({ email: 'u' }, { now: clock.wall() }))).toBe('good');
    issuer.down = false;
    const moved = [{ ...settings.jwt[0]!, jwks_url: `${ISSUER}/moved` }];
    identity.configure(authSchema.parse({ required: true, jwt: moved }));
    expect(await codeOf(await issuer.token({ email: 'u' }, { now: clock.wall() }))).toBe('good');
    expect(issuer.asked.at(-1)).toBe(`${ISSUER}/moved`);
    identity.configure(authSchema.parse({ required: true }));
    expect(await codeOf(await issuer.token({ email: 'u' }, { now: clock.wall() }))).toBe('auth.invalid');
    identity.configure(authSchema.parse({ required: true, ...settings }));
  });

  it('that come together with a new key all wait for it', async () => {
    clock.advance(31_000);
    await issuer.add('four');
    const token = (email: string) => issuer.token({ email }, { kid: 'four', now: clock.wall() });
    const together = await Promise.all(['a', 'b', 'c'].map(token));
    expect(await Promise.all(together.map(codeOf))).toEqual(['good', 'good', 'good']);
  });

  it('good for a week are good on the second day', async () => {
    clock.advance(31_000);
    const exp = clock.wall() / 1000 + 7 * 86_400;
    const token = await issuer.token({ email: 'service' }, { now: clock.wall(), exp });
    expect(await codeOf(token)).toBe('good');
    clock.advance(25 * 3_600_000);
    expect(await codeOf(token)).toBe('good');
    clock.advance(6 * 24 * 3_600_000);
    expect(await codeOf(token)).toBe('auth.expired');
  });

  it('of an issuer whose keys cannot be read say why, each time; the operator is told at most twice a minute', async () => {
    const heard: string[] = [];
    const fetchJson = () => Promise.reject(new WeirError('network.blocked', 'Not there', { hint: 'elsewhere' }));
    const onIssuerError = ({ message }: WeirError) => heard.push(message);
    const { identity: fresh } = await bench(settings, { clock, fetchJson, onIssuerError });
    const credential = `Bearer ${await issuer.token({ email: 'u' }, { now: clock.wall() })}`;
    const why = `The keys of ${ISSUER} cannot be read: Not there`;
    for (const after of [0, 1000, 1000, 31_000]) {
      clock.advance(after);
      const result = await fresh.authenticate({ credential, address: '' });
      expect(result).toMatchObject({ code: 'auth.unavailable', status: 503, message: why, hint: 'elsewhere' });
    }
    expect(heard).toEqual([why, why]);
  });

  it('stand under the limits, budgets and state of the user and team that are known by those names', async () => {
    await identity.governance.createTeam(SYSTEM, { id: 'research', models: ['small'] });
    await identity.governance.createUser(SYSTEM, {
      id: 'bob',
      team: 'research',
      budgets: [{ amount: 1, window: 'day' }],
    });
    clock.advance(31_000);
    const token = await issuer.token({ email: 'bob' }, { now: clock.wall() });
    const grant = await show(token);
    if (isWeirError(grant)) throw grant;
    expect(grant.principal).toMatchObject({ team: 'research', role: 'user' });
    expect(grant.accounts[0]!.meters).toHaveLength(1);
    await identity.governance.changeUser(SYSTEM, 'bob', { disabled: true });
    expect(await codeOf(token)).toBe('auth.revoked');
  });
});

describe('keys of one store', () => {
  it('that another process revokes are refused here at the next look', async () => {
    const store = memoryIdentityStore();
    const clock = new VirtualClock();
    const ports = { store, clock, fetchJson: () => Promise.reject(new Error('no')) };
    const one = await openIdentity(authSchema.parse({}), ports);
    const two = await openIdentity(authSchema.parse({}), ports);
    const { secret, key } = await one.governance.createKey(SYSTEM, { name: 'k' });
    expect(await two.authenticate({ credential: secret, address: '' })).toMatchObject({ code: 'auth.invalid' });
    await two.refresh();
    await grantOf(two, secret);
    await one.governance.changeKey(SYSTEM, key.id, { metadata: { a: 'b' } });
    await two.governance.revokeKey(SYSTEM, key.id);
    await one.refresh();
    expect(await one.authenticate({ credential: secret, address: '' })).toMatchObject({ code: 'auth.revoked' });
  });

  it('never outrank the user they belong to, and begin with one for the first admin', async () => {
    const { identity } = await bench();
    await identity.governance.createUser(SYSTEM, { id: 'u', role: 'viewer' });
    const { secret } = await identity.governance.createKey(SYSTEM, { name: 'k', user: 'u', role: 'admin' });
    expect((await grantOf(identity, secret)).principal.role).toBe('viewer');
    await identity.governance.revokeKey(SYSTEM, (await identity.governance.keys(SYSTEM))[0]!.id);
    const first = await identity.bootstrap();
    expect((await grantOf(identity, first!.secret)).principal.role).toBe('admin');
    expect(await identity.bootstrap()).toBeUndefined();
  });
});
