import { WeirError } from '#contract/errors.js';
import type { Caller } from '#contract/request.js';
import type { ResponseStore, StoredResponse } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { asText, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { Inbound, Memory } from '#protocols/protocol.js';
import { inputItems } from '#protocols/responses/items.js';
import { itemsReferredTo } from './item-references.js';

/**
 * Whose responses a caller's are, by what the gateway has established of it: the key, else the user whom a token or a proxy named. All
 * callers of whom nothing is established are one. What a body says of its user does not count.
 */
export function ownerOf({ key, user, team }: Caller): string {
  if (key !== undefined) return key;
  if (user === undefined && team === undefined) return '';
  return JSON.stringify([team ?? '', user ?? '']);
}

/** Sees to it that the answer is kept, where the client wants that. */
export function keepAnswer(
  inbound: Inbound,
  memory: Memory,
  owner: string,
  store: ResponseStore,
  wall: () => Milliseconds,
): void {
  if (!memory.store) return;
  const { previous } = memory;
  inbound.keep = answer => {
    const id = asText(parsedObject(answer)?.id);
    if (id === '') return;
    const { input } = inbound.memory ?? memory;
    const kept = { id, owner, at: wall(), input: input(), response: answer };
    store.put(previous === undefined ? kept : { ...kept, previous });
  };
}

/**
 * The request with what it goes on from or refers to; itself where that is nothing.
 *
 * @param limit longest conversation taken, in characters.
 * @throws WeirError `response.not_found` when the caller has no such response any more, `request.too_large`.
 */
export async function resumed(
  inbound: Inbound,
  { previous, references, resume }: Memory,
  owner: string,
  store: ResponseStore,
  limit: Bytes,
): Promise<Inbound> {
  if (previous === undefined && references.length === 0) return inbound;
  const turns = previous === undefined ? [] : await turnsOf(owner, previous, store);
  const referred = await itemsReferredTo(references, owner, store, limit);
  const size = turns.reduce((sum, turn) => sum + turn.input.length + turn.response.length, 0) + referred.size;
  if (size > limit) {
    throw new WeirError('request.too_large', `The conversation so far is longer than ${limit} bytes`, {
      path: previous === undefined ? 'input' : 'previous_response_id',
      hint: 'a new conversation that begins with a summary of this one',
    });
  }
  return resume(turns.flatMap(itemsOf), referred.items);
}

async function turnsOf(owner: string, previous: string, store: ResponseStore): Promise<readonly StoredResponse[]> {
  const turns = await store.conversation(owner, previous);
  if (turns === undefined) {
    // As OpenAI answers it.
    throw new WeirError(
      'response.not_found',
      `Previous response with id ${JSON.stringify(previous.slice(0, 80))} not found`,
      {
        path: 'previous_response_id',
        hint: 'the id of a response that was stored for the same key and is neither deleted nor too old',
        status: 400,
      },
    );
  }
  return turns;
}

/** What a turn added to its conversation. */
function itemsOf(turn: StoredResponse): Json[] {
  return [...inputItems(JSON.parse(turn.input)), ...objectsIn(parsedObject(turn.response)?.output)];
}
