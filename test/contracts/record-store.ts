import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordStore } from '#contract/stores.js';
import { recordOf } from '../store/records.js';

/** What every {@link RecordStore} does. `open` gives an empty store that keeps at least 1,500 records of 2 kB. */
export function recordStoreContract(name: string, open: () => Promise<RecordStore>): void {
  describe(`${name} as a record store`, () => {
    let store: RecordStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const append = (...records: DecisionRecord[]): void => {
      for (const record of records) store.append(record);
    };
    const ids = (records: readonly DecisionRecord[]): string[] => records.map(record => record.id);
    const now = Date.now();

    it('finds what was appended, whole, at once', async () => {
      const record = recordOf('one', { at: now });
      append(record);
      expect(await store.find('one')).toEqual(record);
      expect(await store.find('two')).toBeUndefined();
    });

    it('keeps the first of two records with one id', async () => {
      append(recordOf('one', { at: now, decision: 'first' }));
      await store.flush();
      append(recordOf('one', { at: now, decision: 'second' }));
      append(recordOf('two', { at: now, decision: 'first' }), recordOf('two', { at: now, decision: 'second' }));
      expect((await store.find('one'))?.decision).toBe('first');
      expect((await store.find('two'))?.decision).toBe('first');
      expect(await store.count()).toBe(2);
      expect(store.dropped).toBe(0);
    });

    it('lists newest first, of one instant the greater id first', async () => {
      append(
        recordOf('b', { at: now }),
        recordOf('old', { at: now - 5 }),
        recordOf('c', { at: now }),
        recordOf('a', { at: now }),
      );
      expect(ids(await store.list())).toEqual(['c', 'b', 'a', 'old']);
    });

    it('lists by every condition, and by all together', async () => {
      const make = (
        id: string,
        at: number,
        decision: string,
        model: string,
        status: 'answered' | 'failed',
        session: string,
      ) => {
        const record = recordOf(id, { at, decision });
        return { ...record, outcome: { ...record.outcome, model, status }, profile: { ...record.profile, session } };
      };
      append(
        make('1', now - 4, 'x', 'small', 'answered', 's1'),
        make('2', now - 3, 'y', 'small', 'failed', 's1'),
        make('3', now - 2, 'x', 'large', 'answered', 's2'),
        make('4', now - 1, 'x', 'small', 'answered', 's1'),
      );
      expect(ids(await store.list({ decision: 'x' }))).toEqual(['4', '3', '1']);
      expect(ids(await store.list({ model: 'small' }))).toEqual(['4', '2', '1']);
      expect(ids(await store.list({ status: 'failed' }))).toEqual(['2']);
      expect(ids(await store.list({ session: 's2' }))).toEqual(['3']);
      expect(ids(await store.list({ since: now - 2 }))).toEqual(['4', '3']);
      expect(ids(await store.list({ before: now - 2 }))).toEqual(['2', '1']);
      expect(ids(await store.list({ decision: 'x', model: 'small', session: 's1', before: now - 1 }))).toEqual(['1']);
      expect(await store.count({ decision: 'x', model: 'small' })).toBe(2);
      expect(await store.count({ decision: "x' or 1 = 1 --" })).toBe(0);
    });

    it('lists 100 unless told, at least one, never more than 1,000; counts all', async () => {
      for (let i = 0; i < 1100; i++) append(recordOf(`r${i}`, { at: now + i / 1000 }));
      expect(await store.list()).toHaveLength(100);
      expect(await store.list({ limit: 7 })).toHaveLength(7);
      expect(await store.list({ limit: 0 })).toHaveLength(1);
      expect(await store.list({ limit: Number.NaN })).toHaveLength(100);
      const most = await store.list({ limit: 1e9 });
      expect(most).toHaveLength(1000);
      expect(most[0]?.id).toBe('r1099');
      expect(await store.count({ limit: 1 })).toBe(1100);
    });

    it('keeps text of any kind as it is', async () => {
      const summary = 'quote " backslash \\ newline \n null \u0000 sign \u{1F600} end';
      append(recordOf('odd', { at: now, reason: { summary, passed: [] }, prompt: `${summary}${'ü'.repeat(10_000)}` }));
      const found = await store.find('odd');
      expect(found?.reason.summary).toBe(summary);
      expect(found?.prompt).toHaveLength(summary.length + 10_000);
    });

    it('answers questions asked side by side', async () => {
      append(...Array.from({ length: 50 }, (_, i) => recordOf(`r${i}`, { at: now + i })));
      const found = await Promise.all(Array.from({ length: 50 }, (_, i) => store.find(`r${i}`)));
      expect(found.map(record => record?.id)).toEqual(Array.from({ length: 50 }, (_, i) => `r${i}`));
    });

    it('never throws from append; what comes after close is counted as dropped', async () => {
      append(recordOf('one', { at: now }));
      await store.close();
      await store.close();
      expect(() => append(recordOf('two', { at: now }))).not.toThrow();
      expect(store.dropped).toBe(1);
      await expect(store.find('one')).rejects.toMatchObject({ code: 'store.unavailable' });
      await expect(store.list()).rejects.toMatchObject({ code: 'store.unavailable' });
      await expect(store.count()).rejects.toMatchObject({ code: 'store.unavailable' });
      await expect(store.flush()).rejects.toMatchObject({ code: 'store.unavailable' });
    });
  });
}
