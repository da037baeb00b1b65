import { isWeirError, WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import { callerOf } from '#gateway/caller.js';
import { requestId } from '#gateway/request-id.js';
import type { Runtime } from '#gateway/runtime.js';
import { readMessages } from '#protocols/anthropic/request.js';
import { BodyEdits } from '#protocols/body-edits.js';
import { asText, parsedObject } from '#protocols/json.js';
import { inferenceOf, promptCharsOf } from '#protocols/neutral/conversation.js';
import { bodyText, parseObject } from '#protocols/openai/chat-request.js';
import { readBody } from './body.js';
import { sendJson } from './respond.js';
import type { Visit } from './routes.js';

const COUNT_TIMEOUT_MS = 10_000;
const MOST_ANSWER_BYTES = 65_536;

/**
 * `POST /v1/messages/count_tokens`: counted by an Anthropic engine where one serves the model, else Weir's own estimate, which it
 * calibrates by what engines report. The header `x-weir-token-count` says which.
 */
export async function countTokensRoute(visit: Visit): Promise<void> {
  const { gateway, request, response } = visit;
  const { runtime } = gateway;
  const bytes = await bodyOf(visit);
  const text = bodyText(bytes);
  const body = parseObject(text);
  const conversation = readMessages(body, true);
  const { model } = conversation;
  gateway.checkModel(runtime, model, 'generation');
  const caller = callerOf(request);
  const counted = await countedByEngine(runtime, new BodyEdits(bytes, text, body), model, caller.headers);
  const envelope = { id: requestId(), arrivedAt: runtime.clock.now(), caller };
  const chars = promptCharsOf(conversation.messages, body.tools === undefined ? '' : JSON.stringify(body.tools));
  const tokens = counted ?? estimate(runtime, inferenceOf(conversation, chars, envelope), model);
  sendJson(
    response,
    200,
    { input_tokens: tokens },
    {
      'request-id': envelope.id,
      'x-request-id': envelope.id,
      'x-weir-token-count': counted === undefined ? 'estimate' : 'engine',
    },
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
  const replica = runtime.pool
    .replicas()
    .find(
      one => one.model === model && one.unavailable === undefined && runtime.ways.get(one.pool)?.api === 'anthropic',
    );
  const entry = replica === undefined ? undefined : runtime.config.pool.pools[replica.pool];
  if (replica === undefined || entry === undefined) return undefined;
  const way = runtime.wayTo({ id: replica.id, pool: replica.pool, url: replica.url, servedModel: '' });
  const own = entry.replicas?.find(one => one.url === replica.url)?.served_as;
  edits.set('model', own ?? entry.served_as ?? model);
  const betas = headers['anthropic-beta'];
  try {
    const answer = await runtime.connections.ask(`${replica.url}/v1/messages/count_tokens`, way.connectMs, {
      method: 'POST',
      headers: { ...way.headers, ...(betas === undefined ? undefined : { 'anthropic-beta': betas }) },
      body: edits.applied(),
      signal: AbortSignal.timeout(COUNT_TIMEOUT_MS),
    });
    let said = '';
    for await (const chunk of answer.body) {
      said += String(chunk);
      if (said.length > MOST_ANSWER_BYTES) return undefined;
    }
    const found = parsedObject(said);
    if (answer.statusCode === 400) throw refused(found);
    return typeof found?.input_tokens === 'number' ? found.input_tokens : undefined;
  } catch (error) {
    // What the engine says of the request is the client's; that it could not be asked leaves the estimate.
    if (isWeirError(error)) throw error;
    return undefined;
  }
}

function refused(body: Readonly<Record<string, unknown>> | undefined): WeirError {
  const { message } = (body?.error ?? {}) as Record<string, unknown>;
  return new WeirError('upstream.status', asText(message).slice(0, 500) || 'The engine refused the request', {
    status: 400,
  });
}

function bodyOf({ gateway, request }: Visit): Promise<Buffer> {
  const { runtime } = gateway;
  const limits = { bytes: runtime.config.gateway.limits.body, timeoutMs: 30_000 };
  return new Promise((resolve, reject) => {
    readBody(request, limits, runtime, result => (Buffer.isBuffer(result) ? resolve(result) : reject(result)));
  });
}
