import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST_TURNS, type ResponseStore, type StoredResponse } from '#contract/stores.js';

export function storedLike(id: string, rest: Partial<StoredResponse> = {}): StoredResponse {
  return { id, owner: 'ada', at: Date.now(), input: '[]', response: `{"id":"${id}"}`, ...rest };
}

/** What every store of responses must hold to. @param open one that keeps five. */
export function responseStoreContract(name: string, open: () => ResponseStore): void {
  describe(`${name} as a store of responses`, () => {
    let store: ResponseStore;
    beforeEach(() => {
      store = open();
    });
    afterEach(() => store.close());

    it('gives back what was put, at once and whole', async () => {
      const response = storedLike('a', { input: '[{"role":"user","content":"\\ud83d\\ude00"}]', previous: 'z' });
      store.put(response);
      expect(await store.find('ada', 'a')).toEqual(response);
      expect(await store.find('ada', 'b')).toBeUndefined();
    });

    it('keeps callers apart, even where their ids are the same', async () => {
      store.put(storedLike('a', { response: '"ada"' }));
      store.put(storedLike('a', { owner: 'bob', response: '"bob"' }));
      expect((await store.find('ada', 'a'))?.response).toBe('"ada"');
      expect((await store.find('bob', 'a'))?.response).toBe('"bob"');
      expect(await store.find('', 'a')).toBeUndefined();
      expect(await store.delete('bob', 'a')).toBe(true);
      expect(await store.find('ada', 'a')).toBeDefined();
    });

    it('tells a conversation from its beginning, and none that is not whole or not the caller’s', async () => {
      store.put(storedLike('1'));
      store.put(storedLike('2', { previous: '1' }));
      store.put(storedLike('3', { previous: '2' }));
      store.put(storedLike('4', { owner: 'bob', previous: '3' }));
      expect((await store.conversation('ada', '3'))?.map(({ id }) => id)).toEqual(['1', '2', '3']);
      expect(await store.conversation('bob', '3')).toBeUndefined();
      expect(await store.conversation('bob', '4')).toBeUndefined();
      await store.delete('ada', '1');
      expect(await store.conversation('ada', '3')).toBeUndefined();
    });

    it('ends at a conversation that goes in a circle', async () => {
      store.put(storedLike('1', { previous: '2' }));
      store.put(storedLike('2', { previous: '1' }));
      expect(await store.conversation('ada', '2')).toBeUndefined();
      expect(MOST_TURNS).toBeGreaterThan(100);
    });

    it('deletes once', async () => {
      store.put(storedLike('a'));
      expect(await store.delete('ada', 'a')).toBe(true);
      expect(await store.delete('ada', 'a')).toBe(false);
      expect(await store.find('ada', 'a')).toBeUndefined();
    });

    it('keeps none that was deleted before it came, and no other by that', async () => {
      expect(await store.delete('ada', 'a')).toBe(false);
      store.put(storedLike('a'));
      store.put(storedLike('a', { owner: 'bob' }));
      store.put(storedLike('b'));
      expect(await store.find('ada', 'a')).toBeUndefined();
      expect(await store.find('bob', 'a')).toBeDefined();
      expect(await store.find('ada', 'b')).toBeDefined();
      expect(store.dropped).toBe(0);
    });

    it('keeps five, and lets the oldest go first', async () => {
      const now = Date.now();
      for (let i = 0; i < 8; i++) store.put(storedLike(`${i}`, { at: now + i }));
      const found = await Promise.all(Array.from({ length: 8 }, (_, i) => store.find('ada', `${i}`)));
      expect(found.map(one => one?.id)).toEqual([undefined, undefined, undefined, '3', '4', '5', '6', '7']);
      expect(store.dropped).toBe(0);
    });
  });
}
