import { WeirError } from '#contract/errors.js';
import type { StoredResponse } from '#contract/stores.js';
import { ownerOf } from '#gateway/memory.js';
import { inputItems } from '#protocols/responses/items.js';
import { visitor } from './ask-engine.js';
import { sendJson, sendText } from './respond.js';
import type { Visit } from './routes.js';

const MOST_ITEMS = 100;
const DEFAULT_ITEMS = 20;

/** `GET /v1/responses/:id`: a stored response, as it was given. */
export async function responseRoute(visit: Visit): Promise<void> {
  if (visit.query.get('stream') === 'true') {
    throw new WeirError('request.unsupported', 'A stored response is given whole, not streamed again', {
      path: 'stream',
    });
  }
  sendText(visit.response, 200, (await found(visit)).response, 'application/json');
}

/** `DELETE /v1/responses/:id`. */
export async function deleteResponseRoute(visit: Visit): Promise<void> {
  const { gateway, parameter: id, response } = visit;
  if (!(await gateway.runtime.responses.delete(ownerOf(visitor(visit)), id))) throw missing(id);
  sendJson(response, 200, { id, object: 'response', deleted: true });
}

/** `GET /v1/responses/:id/input_items`: what the request itself brought, newest first unless asked. */
export async function inputItemsRoute(visit: Visit): Promise<void> {
  const { query, response } = visit;
  const stored = await found(visit);
  const items = inputItems(JSON.parse(stored.input)).map((item, at) => ({
    id: `${stored.id.replace(/^resp_/, 'item_')}_${at}`,
    ...normal(item),
  }));
  if (query.get('order') !== 'asc') items.reverse();
  const after = query.get('after');
  const from = after === null ? 0 : items.findIndex(item => item.id === after) + 1;
  const limit = Number(query.get('limit') ?? DEFAULT_ITEMS);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ITEMS) {
    throw new WeirError('request.invalid', 'limit is out of range', { path: 'limit', hint: `1 to ${MOST_ITEMS}` });
  }
  const data = items.slice(from, from + limit);
  sendJson(response, 200, {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < items.length,
  });
}

/** `POST /v1/responses/:id/cancel`: only what runs in the background could be cancelled, and here nothing does. */
export async function cancelResponseRoute(visit: Visit): Promise<void> {
  await found(visit);
  throw new WeirError('request.unsupported', 'Only a response that was made with background: true can be cancelled', {
    path: 'id',
    hint: 'the connection of the request to be closed instead',
  });
}

async function found(visit: Visit): Promise<StoredResponse> {
  const { gateway, parameter: id } = visit;
  const stored = await gateway.runtime.responses.find(ownerOf(visitor(visit)), id);
  if (stored === undefined) throw missing(id);
  return stored;
}

function missing(id: string): WeirError {
  return new WeirError('response.not_found', `There is no response ${JSON.stringify(id.slice(0, 80))}`);
}

/** An item in the long form in which OpenAI lists it. */
function normal(item: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { type = 'message', content } = item;
  if (type !== 'message' || typeof content !== 'string') return { ...item, type };
  const kind = item.role === 'assistant' ? 'output_text' : 'input_text';
  return { ...item, type, status: 'completed', content: [{ type: kind, text: content }] };
}
