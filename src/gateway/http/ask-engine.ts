import { WeirError } from '#contract/errors.js';
import type { Caller } from '#contract/request.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { callerOf, readHead } from '#gateway/caller.js';
import type { Runtime } from '#gateway/runtime.js';
import { withoutSecrets } from '#gateway/upstream/secrets.js';
import { allowsModel } from '#identity/grant.js';
import { serves } from '#pool/topology/build.js';
import type { EngineApi } from '#protocols/protocol.js';
import { readBody } from './body.js';
import type { Visit } from './routes.js';

export interface EngineSaid {
  readonly status: number;
  readonly text: string;
}

/** A question beside inference: what a provider answers about a request, and no other engine can. */
export interface EngineQuestion {
  readonly model: string;
  /** Only an engine of this API is asked. */
  readonly api: EngineApi;
  readonly path: string;
  /** The body, for the name under which the replica serves the model. */
  readonly body: (servedModel: string) => Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: Milliseconds;
  /** Longest answer taken. */
  readonly limit: Bytes;
}

/** @returns `undefined` when no available replica of the model speaks the API, or none gave an answer within the limits. */
export async function askEngine(runtime: Runtime, question: EngineQuestion): Promise<EngineSaid | undefined> {
  const { model, api, path, body, headers, timeoutMs, limit } = question;
  const replica = runtime.pool.replicas().find(one => {
    const pool = runtime.config.pool.pools[one.pool];
    return pool !== undefined && serves(pool, model) && one.unavailable === undefined && pool.api === api;
  });
  const entry = replica === undefined ? undefined : runtime.config.pool.pools[replica.pool];
  const way = replica === undefined ? undefined : runtime.ways.get(replica.pool);
  if (replica === undefined || entry === undefined || way === undefined) return undefined;
  const own = entry.replicas?.find(one => one.url === replica.url)?.served_as;
  try {
    const answer = await runtime.connections.ask(replica.url + path, way.connectMs, {
      method: 'POST',
      headers: { ...way.headers, ...headers },
      body: body(entry.model === model ? (own ?? entry.served_as ?? model) : model),
      timeout: timeoutMs,
      bytes: limit,
    });
    const text = answer.body.toString('utf8');
    return { status: answer.status, text: answer.status === 200 ? text : withoutSecrets(text, way.headers) };
  } catch {
    return undefined;
  }
}

/** The body of a request, within the limits of inference. @throws WeirError `request.too_large`, `request.timeout`. */
export function inferenceBody({ gateway, request }: Visit): Promise<Buffer> {
  const { runtime } = gateway;
  const limits = { bytes: runtime.config.gateway.limits.body, timeoutMs: BODY_TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    readBody(request, limits, runtime, result => (Buffer.isBuffer(result) ? resolve(result) : reject(result)));
  });
}

/** Who asks, as far as it is established. */
export function visitor({ gateway, request, grant }: Visit): Caller {
  return callerOf(readHead(request, gateway.runtime.heads), grant?.principal);
}

/** @throws WeirError `auth.model` for a model that the visitor may not use. */
export function checkAllowed({ grant }: Visit, model: string): void {
  if (grant === undefined || allowsModel(grant, model)) return;
  throw new WeirError(
    'auth.model',
    `${grant.principal.name} may not use the model ${JSON.stringify(model.slice(0, 80))}`,
    { path: 'model', hint: 'a model that GET /v1/models lists' },
  );
}

const BODY_TIMEOUT_MS = 30_000;
