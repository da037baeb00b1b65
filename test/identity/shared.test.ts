import { afterEach, describe, expect, it } from 'vitest';
import { isWeirError, type WeirError } from '#contract/errors.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Admission } from '#identity/admission.js';
import { type Identity, openIdentity } from '#identity/identity.js';
import { authSchema } from '#identity/schema.js';
import { ExchangedCounters } from '#store/counters/exchanged-counters.js';
import { CounterHub } from '#store/counters/hub.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { grantOf, quote, SYSTEM } from './support.js';

const USED = { nanoUsd: 1e7, promptTokens: 6, completionTokens: 4 };

/** Several processes with one ledger and one meeting place, which can be away. */
function processes() {
  const store = memoryIdentityStore();
  // It outlives every one of them.
  store.close = async () => {};
  const place = { hub: new CounterHub({ clock: machineClock }), away: false };
  const opened: { identity: Identity; counters: ExchangedCounters }[] = [];
  const open = async (assumed = 1) => {
    const exchange = {
      swap: (...given: Parameters<CounterHub['swap']>) =>
        place.away ? Promise.reject(new Error('away')) : place.hub.swap(...given),
      close: async () => {},
    };
    const process = `p${opened.length}`;
    const counters = new ExchangedCounters({
      exchange,
      clock: machineClock,
      process,
      everyMs: 10,
      assumed,
      goneAfter: 50,
    });
    const identity = await openIdentity(authSchema.parse({ required: true }), {
      store,
      clock: machineClock,
      counters,
      fetchJson: () => Promise.reject(new Error('no network')),
      flushEveryMs: 20,
      refreshEveryMs: 50,
      onChange: async () => {
        await Promise.all(opened.filter(other => other.identity !== identity).map(other => other.identity.refresh()));
      },
    });
    opened.push({ identity, counters });
    return identity;
  };
  const close = async () => {
    for (const { identity, counters } of opened) {
      await identity.close();
      await counters.close();
    }
  };
  return { open, close, place, opened, store };
}

async function enter(identity: Identity, secret: string): Promise<Admission | WeirError> {
  return identity.admit(await grantOf(identity, secret));
}

/** One whole request. @returns why not, if not. */
async function request(identity: Identity, secret: string, tokens = 10): Promise<WeirError | undefined> {
  const admission = await enter(identity, secret);
  if (isWeirError(admission)) return admission;
  const refusal = await admission.reserve(machineClock.wall(), quote(1e7, tokens));
  await new Promise(resolve => setTimeout(resolve, 1));
  if (refusal === undefined) admission.settle(machineClock.wall(), USED);
  else admission.abandon(machineClock.wall());
  return refusal;
}

describe('several processes', () => {
  let all: ReturnType<typeof processes>;
  afterEach(() => all.close());

  const start = async (form: object) => {
    all = processes();
    const identities = [await all.open(), await all.open(), await all.open()];
    const { secret, key } = await identities[0]!.governance.createKey(SYSTEM, { name: 'k', ...form });
    return { identities, secret, id: key.id };
  };
  /** Callers at every process, until all have been refused three times. */
  const exhaust = async (identities: readonly Identity[], secret: string) => {
    let done = 0;
    const codes = new Set<string>();
    const caller = async (identity: Identity) => {
      for (let refused = 0; refused < 3; ) {
        const refusal = await request(identity, secret);
        if (refusal === undefined) done++;
        else {
          codes.add(refusal.code);
          refused++;
        }
      }
    };
    await Promise.all(identities.flatMap(identity => [1, 2, 3, 4].map(() => caller(identity))));
    return { done, codes: [...codes] };
  };
  const spentBy = (identities: readonly Identity[]) =>
    identities.flatMap(identity => identity.budgets(SYSTEM).map(({ spent, reserved }) => [spent, reserved]));

  it('spend a budget together: all of it, and nothing beyond', async () => {
    const { identities, secret } = await start({ budgets: [{ amount: 1, window: 'day' }] });
    let sum = 0;
    const codes = new Set<string>();
    const all100 = async () => {
      const { done, codes: told } = await exhaust(identities, secret);
      for (const code of told) codes.add(code);
      sum += done;
      return sum;
    };
    await expect.poll(all100).toBe(100);
    expect(codes).toContain('budget.exhausted');
    await expect
      .poll(() => spentBy(identities))
      .toEqual([
        [1, 0],
        [1, 0],
        [1, 0],
      ]);
  });

  it('let through what a minute allows, in requests and in tokens, wherever it is asked', async () => {
    const { identities, secret } = await start({ limits: { requestsPerMinute: 31 } });
    const { done, codes } = await exhaust(identities, secret);
    expect([done, codes]).toEqual([31, ['limit.requests']]);
    const { secret: other } = await identities[0]!.governance.createKey(SYSTEM, {
      name: 'o',
      limits: { tokensPerMinute: 250 },
    });
    const tokens = await exhaust(identities, other);
    expect([tokens.done, tokens.codes]).toEqual([25, ['limit.tokens']]);
  });

  it('let one process use a whole limit alone, although the others were asked before', async () => {
    const { identities, secret } = await start({ limits: { concurrency: 4, tokensPerMinute: 1000 } });
    for (const identity of identities) expect(await request(identity, secret)).toBeUndefined();
    const taken: Admission[] = [];
    for (let at = 0; at < 4; at++) {
      const admission = await enter(identities[1]!, secret);
      if (isWeirError(admission)) throw admission;
      taken.push(admission);
    }
    for (const identity of identities)
      expect(await enter(identity, secret)).toMatchObject({ code: 'limit.concurrency' });
    expect(await taken[0]!.reserve(machineClock.wall(), quote(1, 960))).toBeUndefined();
    for (const admission of taken) admission.settle(machineClock.wall());
    expect(await enter(identities[2]!, secret)).not.toSatisfy(isWeirError);
  });

  it('know of a change at once, and of a revocation', async () => {
    const { identities, secret, id } = await start({});
    expect(await request(identities[2]!, secret)).toBeUndefined();
    await identities[1]!.governance.revokeKey(SYSTEM, id);
    for (const identity of identities) {
      expect(await identity.authenticate({ credential: `Bearer ${secret}`, address: '127.0.0.1' })).toMatchObject({
        code: 'auth.revoked',
      });
    }
  });

  it('take over what the ledger has when they begin, and do not count it twice', async () => {
    const { identities, secret } = await start({ budgets: [{ amount: 1, window: 'month' }] });
    for (let at = 0; at < 10; at++) await request(identities[at % 3]!, secret);
    await Promise.all(identities.map(identity => identity.flush()));
    const late = await all.open();
    expect(late.budgets(SYSTEM)[0]?.spent).toBeCloseTo(0.1);
    await request(late, secret);
    await expect.poll(() => spentBy([...identities, late])).toEqual(Array(4).fill([0.11, 0]));
    // One process ends, and the place where they met has forgotten everything: the ledger has not.
    await identities[0]!.flush();
    await all.opened[0]!.counters.close();
    const there = all.opened.slice(1).map(({ counters }) => counters);
    all.place.away = true;
    await expect.poll(() => there.some(({ connected }) => connected)).toBe(false);
    all.place.hub = new CounterHub({ clock: machineClock, goneAfter: 50 });
    all.place.away = false;
    const later = await all.open();
    await expect.poll(() => later.budgets(SYSTEM)[0]?.spent).toBeCloseTo(0.11);
    await expect.poll(() => there.every(({ settled }) => settled)).toBe(true);
    let done = 0;
    const all89 = async () => {
      done += (await exhaust([identities[1]!, identities[2]!, late, later], secret)).done;
      return done;
    };
    await expect.poll(all89).toBe(89);
  });

  it('keep to what they claim and to their share while they cannot hear one another, and heal', async () => {
    const { identities, secret } = await start({ budgets: [{ amount: 0.9, window: 'day' }] });
    for (const identity of identities) await request(identity, secret);
    all.place.away = true;
    await expect.poll(() => all.opened.map(({ counters }) => counters.connected)).toEqual([false, false, false]);
    const alone = await exhaust(identities, secret);
    expect(alone.done).toBeGreaterThan(40);
    expect(alone.done).toBeLessThanOrEqual(87);
    const { secret: fresh } = await identities[0]!.governance.createKey(SYSTEM, {
      name: 'new',
      limits: { requestsPerMinute: 30 },
    });
    const counts = [];
    for (const identity of identities) counts.push((await exhaust([identity], fresh)).done);
    expect(counts).toEqual([10, 10, 10]);
    all.place.away = false;
    await expect.poll(() => all.opened.map(({ counters }) => counters.connected)).toEqual([true, true, true]);
    let done = alone.done;
    const all87 = async () => {
      done += (await exhaust(identities, secret)).done;
      return done;
    };
    await expect.poll(all87).toBe(87);
  });
});
