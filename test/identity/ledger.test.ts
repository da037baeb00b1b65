import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { IdentityStore } from '#contract/identity-store.js';
import type { Admission } from '#identity/admission.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { admit, bench, grantOf, quote, SYSTEM } from './support.js';

const usd = (amount: number, more: object = {}) => ({ amount, window: 'day', ...more });

describe('a budget', () => {
  it('stops hard: what does not fit is refused with 402 and the time of the reset', async () => {
    const { identity, clock } = await bench();
    const { secret } = await identity.governance.createKey(SYSTEM, { name: 'k', budgets: [usd(1)] });
    const first = await admit(identity, secret);
    expect(first.reserve(clock.wall(), quote(0.7e9))).toBeUndefined();
    const second = await admit(identity, secret);
    const held = second.reserve(clock.wall(), quote(0.7e9));
    expect(held).toMatchObject({ code: 'budget.reserved', status: 429, retryAfterMs: 1000 });
    first.settle(clock.wall(), { nanoUsd: 0.6e9, promptTokens: 1, completionTokens: 1 });
    const spent = second.reserve(clock.wall(), quote(0.7e9));
    expect(spent).toMatchObject({ code: 'budget.exhausted', status: 402 });
    expect((spent as WeirError).message).toContain('0.60 USD of 1.00 USD spent');
    expect(second.reserve(clock.wall(), quote(0.4e9))).toBeUndefined();
    second.settle(clock.wall(), { nanoUsd: 0.5e9, promptTokens: 1, completionTokens: 1 });
    const third = await admit(identity, secret);
    expect(third.reserve(clock.wall(), quote(0))).toMatchObject({ code: 'budget.exhausted' });
    clock.advance(24 * 3_600_000);
    expect(third.reserve(clock.wall(), quote(0.9e9))).toBeUndefined();
  });

  it('of team and user binds the key too: all must have room, and a refusal holds nothing', async () => {
    const { identity, clock } = await bench();
    await identity.governance.createTeam(SYSTEM, { id: 't', budgets: [usd(100, { unit: 'tokens', window: 'total' })] });
    await identity.governance.createUser(SYSTEM, { id: 'u', team: 't', budgets: [usd(5)] });
    const { secret } = await identity.governance.createKey(SYSTEM, { name: 'k', user: 'u', budgets: [usd(50)] });
    const grant = await grantOf(identity, secret);
    expect(grant.accounts.map(({ kind }) => kind)).toEqual(['key', 'user', 'team']);
    const one = await admit(identity, secret);
    expect(one.reserve(clock.wall(), quote(1e9, 101))).toMatchObject({ code: 'budget.exhausted' });
    expect(grant.accounts.flatMap(({ meters }) => meters.map(({ reserved }) => reserved))).toEqual([0, 0, 0]);
    expect(one.reserve(clock.wall(), quote(6e9, 1))).toMatchObject({ code: 'budget.exhausted' });
    expect(one.reserve(clock.wall(), quote(5e9, 100))).toBeUndefined();
    one.settle(clock.wall());
    expect(grant.accounts.flatMap(({ meters }) => meters.map(({ reserved }) => reserved))).toEqual([0, 0, 0]);
  });

  it('tells once for each share, takes an override while it lasts, and can hold back the maximum', async () => {
    const { identity, clock, alerts } = await bench();
    const budgets = [usd(1, { alertAt: [0.5, 0.8], reserve: 'maximum' })];
    const { secret, key } = await identity.governance.createKey(SYSTEM, { name: 'k', budgets });
    const use = async (nanoUsd: number) =>
      (await admit(identity, secret)).settle(clock.wall(), { nanoUsd, promptTokens: 0, completionTokens: 0 });
    await use(0.4e9);
    await use(0.15e9);
    await use(0.05e9);
    await use(0.3e9);
    expect(alerts.map(({ share, id }) => [id, share])).toEqual([
      [key.id, 0.5],
      [key.id, 0.8],
    ]);
    const headers: Record<string, unknown> = {};
    const open = await admit(identity, secret);
    open.addHeaders(clock.wall(), headers as Record<string, string>);
    expect(headers['x-weir-budget-alert']).toBe(`key=${key.id}; window=day; spent=90%`);
    const wide = { ...quote(0.01e9), maximumNanoUsd: 0.2e9 };
    expect(open.reserve(clock.wall(), wide)).toMatchObject({ code: 'budget.exhausted' });
    const override = { amount: 2, until: clock.wall() + 60_000 };
    await identity.governance.changeKey(SYSTEM, key.id, { budgets: [{ ...budgets[0], override }] });
    expect((await admit(identity, secret)).reserve(clock.wall(), wide)).toBeUndefined();
    clock.advance(60_000);
    expect((await admit(identity, secret)).reserve(clock.wall(), wide)).toBeDefined();
  });

  it('gives no money back when the clock is set back', async () => {
    const clock = new VirtualClock(40 * 24 * 3_600_000);
    const { identity } = await bench({}, { clock });
    const { secret } = await identity.governance.createKey(SYSTEM, { name: 'k', budgets: [usd(1)] });
    const one = await admit(identity, secret);
    one.settle(clock.wall(), { nanoUsd: 2e9, promptTokens: 0, completionTokens: 0 });
    const two = await admit(identity, secret);
    expect(two.reserve(clock.wall() - 48 * 3_600_000, quote(1))).toMatchObject({ code: 'budget.exhausted' });
  });
});

type Step =
  | { readonly do: 'reserve'; readonly cost: number; readonly tokens: number }
  | { readonly do: 'settle'; readonly which: number; readonly factor: number }
  | { readonly do: 'again'; readonly which: number; readonly cost: number }
  | { readonly do: 'abandon'; readonly which: number }
  | { readonly do: 'flush' }
  | { readonly do: 'fail' }
  | { readonly do: 'lose the answer' }
  | { readonly do: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      cost: fc.integer({ min: 0, max: 300 }),
      tokens: fc.nat(50),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(20),
      factor: fc.double({ min: 0, max: 1.5, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('again' as const),
      which: fc.nat(20),
      cost: fc.integer({ min: 0, max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abandon' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose the answer' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);

/** A store whose next writes of spending can be made to fail, or to arrive without an answer. */
function flaky(): IdentityStore & { failures: number; lost: number } {
  const inner = memoryIdentityStore();
  const store = Object.assign(Object.create(inner) as IdentityStore, { failures: 0, lost: 0 });
  store.addSpend = async (deltas, name) => {
    if (store.failures > 0) {
      store.failures--;
      throw new WeirError('store.unavailable', 'no disk');
    }
    await inner.addSpend(deltas, name);
    if (store.lost === 0) return;
    store.lost--;
    throw new WeirError('store.unavailable', 'no answer');
  };
  return store;
}

describe('the ledger', () => {
  it('conserves: whatever the order, spent is what was settled, held is what is in flight, and no crash loses more than a batch', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 200, max: 2000 }),
        async (script, limit) => {
          const store = flaky();
          const clock = new VirtualClock();
          const ports = { store, clock, flushEveryMs: 1e9, refreshEveryMs: 1e9 };
          let { identity } = await bench({}, ports);
          await identity.governance.createTeam(SYSTEM, {
            id: 't',
            budgets: [{ amount: limit / 1e9, window: 'month' }],
          });
          const { secret, key } = await identity.governance.createKey(SYSTEM, {
            name: 'k',
            team: 't',
            budgets: [{ unit: 'tokens', amount: 1e6, window: 'total' }],
          });
          let open: { admission: Admission; cost: number }[] = [];
          let settled = 0;
          let over = 0;
          let durable = 0;
          const meter = () => identity.accounts.of('team', 't').meters[0]!;
          for (const action of script) {
            clock.advance(100);
            const now = clock.wall();
            if (action.do === 'reserve') {
              const admission = await admit(identity, secret);
              const refusal = admission.reserve(now, quote(action.cost, action.tokens));
              if (refusal === undefined) open.push({ admission, cost: action.cost });
              else admission.abandon(now);
            } else if (action.do === 'settle' || action.do === 'abandon') {
              const [one] = open.splice(action.which % Math.max(1, open.length), 1);
              if (one === undefined) continue;
              if (action.do === 'abandon') one.admission.abandon(now);
              else {
                const nanoUsd = Math.round(one.cost * action.factor);
                one.admission.settle(now, { nanoUsd, promptTokens: 1, completionTokens: 2 });
                one.admission.settle(now, { nanoUsd: 1e9, promptTokens: 1, completionTokens: 2 });
                settled += nanoUsd;
                over += Math.max(0, nanoUsd - one.cost);
              }
            } else if (action.do === 'again') {
              const one = open[action.which % Math.max(1, open.length)];
              if (one === undefined) continue;
              const refusal = one.admission.reserve(now, quote(action.cost));
              one.cost = refusal === undefined ? action.cost : 0;
            } else if (action.do === 'fail') store.failures = 1;
            else if (action.do === 'lose the answer') store.lost = 1;
            else if (action.do === 'flush') {
              const fails = store.failures + store.lost > 0;
              await identity.flush();
              if (!fails) durable = settled;
            } else {
              // The process dies: what was in flight or not yet written is gone, and nothing else.
              store.failures = store.lost = 0;
              open = [];
              const { nanoUsd } = await store.spent({ kind: 'team', id: 't' }, 0);
              expect(nanoUsd).toBeGreaterThanOrEqual(durable);
              expect(nanoUsd).toBeLessThanOrEqual(settled);
              settled = durable = nanoUsd;
              ({ identity } = await bench({}, ports));
              over = Math.max(over, settled - limit);
            }
            expect(meter().spent(now)).toBe(settled);
            expect(meter().reserved).toBe(open.reduce((sum, { cost }) => sum + cost, 0));
            // Never over by more than requests used beyond what was held back for them.
            expect(settled).toBeLessThanOrEqual(limit + over);
          }
          store.failures = store.lost = 0;
          for (const { admission } of open) admission.settle(clock.wall());
          await identity.flush();
          expect((await store.spent({ kind: 'team', id: 't' }, 0)).nanoUsd).toBe(settled);
          expect((await store.spent({ kind: 'key', id: key.id }, -1)).nanoUsd).toBe(settled);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps what the store would not take, and writes it once', async () => {
    const store = flaky();
    const { identity, clock } = await bench({}, { store });
    const { secret, key } = await identity.governance.createKey(SYSTEM, { name: 'k' });
    (await admit(identity, secret)).settle(clock.wall(), { nanoUsd: 5, promptTokens: 1, completionTokens: 2 });
    store.failures = 2;
    await identity.flush();
    await identity.flush();
    expect((await store.spent({ kind: 'key', id: key.id }, 0)).nanoUsd).toBe(0);
    (await admit(identity, secret)).settle(clock.wall(), { nanoUsd: 7, promptTokens: 1, completionTokens: 2 });
    await identity.flush();
    await identity.flush();
    expect(await store.spent({ kind: 'key', id: key.id }, 0)).toEqual({
      nanoUsd: 12,
      promptTokens: 2,
      completionTokens: 4,
      requests: 2,
    });
    expect(isWeirError(await identity.authenticate({ address: '' }))).toBe(true);
  });
});
