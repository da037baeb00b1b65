import { WeirError } from '#contract/errors.js';
import { ownerOf, resumed } from '#gateway/memory.js';
import { requestId } from '#gateway/request-id.js';
import { asText, isObject, parsedObject } from '#protocols/json.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { askEngine, checkAllowed, inferenceBody, visitor } from './ask-engine.js';
import { sendText } from './respond.js';
import type { Visit } from './routes.js';

/** Compaction reads the whole conversation and writes a summary: as long as an answer takes. */
const COMPACT_TIMEOUT_MS = 300_000;

/**
 * `POST /v1/responses/compact`: by an engine that speaks Responses. What comes back is sealed by its maker, so Weir cannot make one
 * itself, and says so where there is no such engine; clients then sum the conversation up with an ordinary request.
 */
export async function compactRoute(visit: Visit): Promise<void> {
  const { gateway, response } = visit;
  const { runtime } = gateway;
  const envelope = { id: requestId(), arrivedAt: runtime.clock.now(), caller: visitor(visit) };
  const first = openaiResponses.read(await inferenceBody(visit), envelope);
  const { limits } = runtime.config.gateway;
  const previous = first.memory?.previous;
  const inbound =
    first.memory === undefined || previous === undefined
      ? first
      : await resumed(first.memory, ownerOf(envelope.caller), previous, runtime.responses, limits.body);
  const { model } = inbound.request;
  gateway.checkModel(runtime, model, 'generation');
  checkAllowed(visit, model);
  const said = await askEngine(runtime, {
    ...{ model, api: 'responses', path: '/v1/responses/compact' },
    body: servedModel => inbound.bodyFor(servedModel, {}, false),
    ...{ timeoutMs: COMPACT_TIMEOUT_MS, limit: limits.answer },
  });
  if (said === undefined) {
    throw new WeirError('request.unsupported', `No engine of ${JSON.stringify(model)} can compact a conversation`, {
      path: 'model',
      hint: 'a model on a pool with api: responses, or a request to sum the conversation up',
    });
  }
  if (said.status !== 200) throw refused(said.status, said.text);
  sendText(response, 200, said.text, 'application/json', { 'x-request-id': envelope.id });
}

/** What an engine said instead of an answer; what is wrong with the request stays the client's to mend. */
export function refused(status: number, text: string): WeirError {
  const error = parsedObject(text)?.error;
  const said = isObject(error) ? asText(error.message).slice(0, 500) : '';
  const message = said === '' ? `The engine answered with status ${status}` : said;
  return new WeirError('upstream.status', message, status === 400 ? { status } : {});
}
