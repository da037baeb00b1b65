import type { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import { refusedByEngine } from '#gateway/exchange/refusal.js';
import { checkNamedModel } from '#gateway/named-model.js';
import { requestId } from '#gateway/request-id.js';
import type { Runtime } from '#gateway/runtime.js';
import { readMessages } from '#protocols/anthropic/request.js';
import { BodyEdits } from '#protocols/body-edits.js';
import { asText, isObject, parsedObject } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import { inferenceOf, promptBytesOf } from '#protocols/neutral/conversation.js';
import { askEngine, checkAllowed, inferenceBody, visitor } from './ask-engine.js';
import { type Governed, governed } from './governed.js';
import { sendJson } from './respond.js';
import type { Visit } from './routes.js';

const COUNT_TIMEOUT_MS = 10_000;
const MOST_ANSWER_BYTES = 65_536;

/**
 * `POST /v1/messages/count_tokens`: counted by an Anthropic engine where one serves the model, else Weir's own estimate, which it
 * calibrates by what engines report. Counting counts as a request under the caller's limits, and costs nothing. The header `x-weir-token-count` says which.
 */
export function countTokensRoute(visit: Visit): Promise<void> {
  return governed(visit, account => count(visit, account));
}

async function count(visit: Visit, account: Governed): Promise<void> {
  const { gateway, response } = visit;
  const { runtime } = gateway;
  const bytes = await inferenceBody(visit);
  const { text, body } = jsonBody(bytes);
  const conversation = readMessages(body, true);
  const { model } = conversation;
  checkNamedModel(runtime, model, 'generation', visit.grant);
  checkAllowed(visit, model);
  const caller = visitor(visit);
  const counted = await countedByEngine(runtime, new BodyEdits(bytes, text, body), model, caller.headers);
  const envelope = { id: requestId(), arrivedAt: runtime.clock.now(), caller };
  const length = promptBytesOf(conversation.messages, body.tools === undefined ? '' : JSON.stringify(body.tools));
  const tokens = counted ?? estimate(runtime, inferenceOf(conversation, length, envelope), model);
  sendJson(
    response,
    200,
    { input_tokens: tokens },
    account.head({
      'request-id': envelope.id,
      'x-request-id': envelope.id,
      'x-weir-token-count': counted === undefined ? 'estimate' : 'engine',
    }),
  );
}

function estimate(runtime: Runtime, inference: ReturnType<typeof inferenceOf>, model: string): Tokens {
  const profile = runtime.profiler.profile(inference);
  return Math.max(1, Math.round(profile.promptTokens(runtime.models.has(model) ? model : undefined)));
}

async function countedByEngine(
  runtime: Runtime,
  edits: BodyEdits,
  model: string,
  headers: Readonly<Record<string, string>>,
): Promise<Tokens | undefined> {
  const betas = headers['anthropic-beta'];
  const said = await askEngine(runtime, {
    ...{ model, api: 'anthropic', path: '/v1/messages/count_tokens' },
    body(servedModel) {
      edits.set('model', servedModel);
      return edits.applied();
    },
    ...(betas === undefined ? undefined : { headers: { 'anthropic-beta': betas } }),
    ...{ timeoutMs: COUNT_TIMEOUT_MS, limit: MOST_ANSWER_BYTES },
  });
  if (said === undefined) return undefined;
  // What the engine says of the request is the client's; that it could not count leaves the estimate.
  if (said.status === 400) throw refused(said.text);
  const tokens = parsedObject(said.text)?.input_tokens;
  return said.status === 200 && typeof tokens === 'number' ? tokens : undefined;
}

function refused(text: string): WeirError {
  const error = parsedObject(text)?.error;
  const said = isObject(error) ? asText(error.message).slice(0, 500) : '';
  return refusedByEngine(said === '' ? 'The engine refused the request' : said, 400);
}
