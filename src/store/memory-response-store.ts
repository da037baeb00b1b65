import { MOST_TURNS, MOST_UNWANTED, type ResponseStore, type StoredResponse } from '#contract/stores.js';

/** Stored responses in memory: for tests, and for a gateway that is to leave nothing on disk. The one put first goes first. */
export function memoryResponseStore({ keep }: { readonly keep: number }): ResponseStore {
  const responses = new Map<string, StoredResponse>();
  const unwanted = new Set<string>();
  const keyOf = (owner: string, id: string): string => JSON.stringify([owner, id]);
  const find = (owner: string, id: string): StoredResponse | undefined => responses.get(keyOf(owner, id));
  return {
    dropped: 0,
    put(response) {
      const key = keyOf(response.owner, response.id);
      if (unwanted.has(key)) return;
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
    async delete(owner, id) {
      const key = keyOf(owner, id);
      if (responses.delete(key)) return true;
      unwanted.add(key);
      for (const earliest of unwanted) {
        if (unwanted.size <= MOST_UNWANTED) break;
        unwanted.delete(earliest);
      }
      return false;
    },
    flush: async () => {},
    close: async () => responses.clear(),
  };
}
