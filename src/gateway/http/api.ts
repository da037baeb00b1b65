import { WeirError } from '#contract/errors.js';
import type { RecordFilter } from '#contract/stores.js';
import { callerOf } from '#gateway/caller.js';
import { explain } from '#gateway/explain.js';
import { requestId } from '#gateway/request-id.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { readBody } from './body.js';
import { sendJson } from './respond.js';
import type { Visit } from './routes.js';

const MAX_API_BODY = 4 * 1024 * 1024;

/** `GET /api/state`: what is configured and how the fleet stands. */
export function stateRoute({ gateway, response }: Visit): void {
  const { config, pool, router, models, clock } = gateway.runtime;
  const simulated = new Set(
    Object.entries(config.pool.pools).flatMap(([name, entry]) => (entry.simulate === undefined ? [] : [name])),
  );
  sendJson(response, 200, {
    version: config.version,
    source: config.source,
    uptime_ms: Math.round(clock.now() - gateway.startedAt),
    draining: gateway.leaving,
    in_flight: gateway.inFlight,
    names: [...router.virtualNames],
    models: [...models.values()].map(({ name, contextTokens, price, quality, description }) => ({
      name,
      context: contextTokens,
      price,
      quality,
      description,
    })),
    signals: router.signals.map(({ name, type, cost }) => ({ name, type, ...cost })),
    decisions: config.router.decisions.map(({ name, when, tier, priority, models: names, respond }) => ({
      name,
      when,
      tier,
      priority,
      models: names,
      respond,
    })),
    pools: pool.snapshot().pools,
    replicas: pool.replicas().map(replica => ({ ...replica, simulated: simulated.has(replica.pool) })),
    records_dropped: gateway.runtime.records.dropped,
  });
}

/** `GET /api/records`: the latest records that match, newest first. */
export async function recordsRoute({ gateway, response, query }: Visit): Promise<void> {
  sendJson(response, 200, { records: await gateway.runtime.records.list(filterOf(query)) });
}

/** `GET /api/records/:id`: one record, whole. */
export async function recordRoute({ gateway, response, parameter }: Visit): Promise<void> {
  const { records, peers } = gateway.runtime;
  let record = await records.find(parameter);
  if (record === undefined && peers !== undefined) {
    // It may be on its way to the database in another process.
    await peers.settle();
    record = await records.find(parameter);
  }
  if (record === undefined)
    throw new WeirError('store.not_found', `There is no record ${JSON.stringify(parameter.slice(0, 80))}`);
  sendJson(response, 200, record);
}

/** `POST /api/explain`: what would be decided for a chat request, without asking any model. */
export async function explainRoute(visit: Visit): Promise<void> {
  const { gateway, request, response } = visit;
  const body = await bodyOf(visit);
  const { runtime } = gateway;
  const envelope = { id: requestId(), arrivedAt: runtime.clock.now(), caller: callerOf(request) };
  sendJson(response, 200, await explain(runtime, openaiChat.read(body, envelope).request));
}

/** `POST /api/replicas/:id/faults`: hands a fault to a simulated replica. Real replicas have none to give. */
export async function faultRoute(visit: Visit): Promise<void> {
  const { gateway, response, parameter } = visit;
  const { config, pool } = gateway.runtime;
  const replica = pool.replicas().find(({ id }) => id === parameter);
  if (replica === undefined || config.pool.pools[replica.pool]?.simulate === undefined) {
    throw new WeirError('store.not_found', `There is no simulated replica ${JSON.stringify(parameter.slice(0, 80))}`);
  }
  const body = await bodyOf(visit);
  const { connections } = gateway.runtime;
  const answer = await connections.ask(`${replica.url}/faults`, 2000, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    headersTimeout: 2000,
    bodyTimeout: 2000,
  });
  sendJson(response, answer.statusCode, await answer.body.json());
}

function bodyOf({ gateway, request }: Visit): Promise<Buffer> {
  // A page of another origin can make a browser send a form, but not JSON: this keeps foreign pages out of the API.
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new WeirError('request.invalid', 'The body must be JSON', { path: 'content-type', hint: 'application/json' });
  }
  return new Promise((resolve, reject) => {
    readBody(request, { bytes: MAX_API_BODY, timeoutMs: 10_000 }, gateway.runtime, result =>
      Buffer.isBuffer(result) ? resolve(result) : reject(result),
    );
  });
}

function filterOf(query: URLSearchParams): RecordFilter {
  const text = (key: 'decision' | 'model' | 'status' | 'session'): RecordFilter => {
    const value = query.get(key);
    return value === null ? {} : { [key]: value };
  };
  const number = (key: 'since' | 'before' | 'limit'): RecordFilter => {
    const value = query.get(key);
    if (value === null) return {};
    const parsed = Number(value);
    if (!Number.isFinite(parsed)) throw new WeirError('request.invalid', `${key} must be a number`, { path: key });
    return { [key]: parsed };
  };
  return {
    ...text('decision'),
    ...text('model'),
    ...text('status'),
    ...text('session'),
    ...number('since'),
    ...number('before'),
    ...number('limit'),
  };
}
