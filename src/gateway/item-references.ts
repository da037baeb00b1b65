import { MOST_TURNS, type ResponseStore } from '#contract/stores.js';
import type { Bytes } from '#contract/units.js';
import { asText, type Json, objectsIn, parsedObject } from '#protocols/json.js';

/** An item of an answer that Weir wrote: its id tells the response that it stands in. */
const WRITTEN_HERE = /^[a-z]{2,4}_(.+)_\d+$/;

/** What has been found of what was referred to. */
export interface Referred {
  readonly items: ReadonlyMap<string, Json>;
  /** How long they are as text, in characters, once each stands in every place that refers to it. */
  readonly size: Bytes;
}

/**
 * The items of a caller's stored responses that have been referred to, by their ids; those that cannot be found are not in it. Clients
 * that take the provider to have stored what it said send a conversation so.
 *
 * @param limit no more is looked for once they are longer together.
 */
export async function itemsReferredTo(
  references: readonly string[],
  owner: string,
  store: ResponseStore,
  limit: Bytes,
): Promise<Referred> {
  const items = new Map<string, Json>();
  const times = new Map<string, number>();
  for (const id of references) times.set(id, (times.get(id) ?? 0) + 1);
  const responses = new Set([...times.keys()].flatMap(id => WRITTEN_HERE.exec(id)?.[1] ?? []));
  let size = 0;
  for (const id of [...responses].slice(-MOST_TURNS)) {
    if (size > limit) break;
    const stored = await store.find(owner, `resp_${id}`);
    for (const item of objectsIn(parsedObject(stored?.response ?? '')?.output)) {
      const name = asText(item.id);
      const wanted = times.get(name);
      if (wanted === undefined) continue;
      items.set(name, item);
      size += wanted * JSON.stringify(item).length;
    }
  }
  return { items, size };
}
