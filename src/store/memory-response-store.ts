import { MOST_TURNS, type ResponseStore, type StoredResponse } from '#contract/stores.js';

/** Stored responses in memory: for tests, and for a gateway that is to leave nothing on disk. The one put first goes first. */
export function memoryResponseStore({ keep }: { readonly keep: number }): ResponseStore {
  const responses = new Map<string, StoredResponse>();
  const keyOf = (owner: string, id: string): string => JSON.stringify([owner, id]);
  const find = (owner: string, id: string): StoredResponse | undefined => responses.get(keyOf(owner, id));
  return {
    dropped: 0,
    put(response) {
      const key = keyOf(response.owner, response.id);
      responses.delete(key);
      responses.set(key, response);
      for (const oldest of responses.keys()) {
        if (responses.size <= keep) break;
        responses.delete(oldest);
      }
    },
    find: async (owner, id) => find(owner, id),
    async conversation(owner, id) {
      const turns: StoredResponse[] = [];
      for (let next: string | undefined = id; next !== undefined; ) {
        const found: StoredResponse | undefined = turns.length < MOST_TURNS ? find(owner, next) : undefined;
        if (found === undefined) return undefined;
        turns.push(found);
        next = found.previous;
      }
      return turns.reverse();
    },
    delete: async (owner, id) => responses.delete(keyOf(owner, id)),
    flush: async () => {},
    close: async () => responses.clear(),
  };
}
