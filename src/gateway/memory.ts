import { WeirError } from '#contract/errors.js';
import type { Caller } from '#contract/request.js';
import type { ResponseStore, StoredResponse } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { asText, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { Inbound, Memory } from '#protocols/protocol.js';
import { inputItems } from '#protocols/responses/items.js';

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
    const kept = { id, owner, at: wall(), input: memory.input(), response: answer };
    store.put(previous === undefined ? kept : { ...kept, previous });
  };
}

/**
 * The request with the conversation that it goes on from.
 *
 * @param limit longest conversation taken, in characters.
 * @throws WeirError `response.not_found` when the caller has no such response any more, `request.too_large`.
 */
export async function resumed(
  memory: Memory,
  owner: string,
  previous: string,
  store: ResponseStore,
  limit: Bytes,
): Promise<Inbound> {
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
  const size = turns.reduce((sum, turn) => sum + turn.input.length + turn.response.length, 0);
  if (size > limit) {
    throw new WeirError('request.too_large', `The conversation so far is longer than ${limit} bytes`, {
      path: 'previous_response_id',
      hint: 'a new conversation that begins with a summary of this one',
    });
  }
  return memory.resume(turns.flatMap(itemsOf));
}

/** What a turn added to its conversation. */
function itemsOf(turn: StoredResponse): Json[] {
  return [...inputItems(JSON.parse(turn.input)), ...objectsIn(parsedObject(turn.response)?.output)];
}
