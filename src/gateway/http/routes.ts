import type { IncomingMessage, ServerResponse } from 'node:http';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Gateway } from '#gateway/gateway.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { explainRoute, faultRoute, recordRoute, recordsRoute, stateRoute } from './api.js';
import { Page } from './page.js';
import { errorHeaders, sendJson, sendText } from './respond.js';

/** What a route is given. */
export interface Visit {
  readonly gateway: Gateway;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Query of the URL. */
  readonly query: URLSearchParams;
  /** What stood in the path where the route has a `:name`. */
  readonly parameter: string;
}

export type Route = (visit: Visit) => void | Promise<void>;

interface Entry {
  readonly method: 'GET' | 'POST';
  readonly pattern: RegExp;
  readonly route: Route;
}

export interface Routes {
  serve(path: string, request: IncomingMessage, response: ServerResponse): void;
}

/** Every path beside inference: what programs ask to know the gateway's state, and the page. */
export function createRoutes(gateway: Gateway): Routes {
  const page = new Page();
  const entries: readonly Entry[] = [
    entry('GET', '/healthz', healthRoute),
    entry('GET', '/readyz', readyRoute),
    entry('GET', '/metrics', metricsRoute),
    entry('GET', '/v1/models', modelsRoute),
    entry('GET', '/v1/models/:name', modelRoute),
    entry('GET', '/api/state', stateRoute),
    entry('GET', '/api/records', recordsRoute),
    entry('GET', '/api/records/:id', recordRoute),
    entry('POST', '/api/explain', explainRoute),
    entry('POST', '/api/replicas/:id/faults', faultRoute),
  ];
  return {
    serve(path, request, response) {
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const matching = entries.filter(({ pattern }) => pattern.test(path));
      const found = matching.find(candidate => candidate.method === method);
      if (found !== undefined) {
        const parameter = decoded(found.pattern.exec(path)?.[1] ?? '');
        const query = new URL(request.url ?? '/', 'http://gateway').searchParams;
        void run(found.route, { gateway, request, response, query, parameter });
        return;
      }
      if (matching.length === 0 && method === 'GET' && page.serve(path, response)) return;
      const error =
        matching.length === 0
          ? new WeirError('request.unknown_path', `There is nothing at ${path.slice(0, 120)}`)
          : new WeirError('request.method_not_allowed', `${request.method} is not a method of this path`, {
              hint: matching.map(candidate => candidate.method).join(' or '),
            });
      sendError(response, error);
    },
  };
}

async function run(route: Route, visit: Visit): Promise<void> {
  try {
    await route(visit);
  } catch (error) {
    if (!isWeirError(error))
      visit.gateway.runtime.log.error('a page of the gateway failed', { url: visit.request.url, error });
    sendError(
      visit.response,
      isWeirError(error) ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error }),
    );
  }
}

function sendError(response: ServerResponse, error: WeirError): void {
  sendText(response, error.status, openaiChat.errorBody(error), 'application/json', errorHeaders(error));
}

function entry(method: Entry['method'], path: string, route: Route): Entry {
  return { method, pattern: new RegExp(`^${path.replace(/:\w+/, '([^/]+)')}/?$`), route };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The process lives. */
function healthRoute({ response }: Visit): void {
  sendJson(response, 200, { status: 'ok' });
}

/** Requests can be served: not draining, signals loaded, and at least one replica takes them. */
function readyRoute({ gateway, response }: Visit): void {
  const replicas = gateway.runtime.pool.replicas();
  const available = replicas.filter(replica => replica.unavailable === undefined).length;
  const ready = !gateway.leaving && gateway.prepared && available > 0;
  const why = gateway.prepared ? 'no replica available' : 'loading';
  const status = gateway.leaving ? 'draining' : ready ? 'ready' : why;
  sendJson(response, ready ? 200 : 503, { status, replicas: { available, all: replicas.length } });
}

async function metricsRoute({ gateway, response }: Visit): Promise<void> {
  const { metrics, peers } = gateway.runtime;
  const { contentType, body } = await (peers ?? { metrics: () => metrics.render() }).metrics();
  sendText(response, 200, body, contentType);
}

function modelsRoute({ gateway, response }: Visit): void {
  sendJson(response, 200, { object: 'list', data: modelList(gateway) });
}

function modelRoute({ gateway, response, parameter }: Visit): void {
  const model = modelList(gateway).find(({ id }) => id === parameter);
  if (model === undefined)
    throw new WeirError('request.unknown_model', `There is no model ${JSON.stringify(parameter.slice(0, 80))}`);
  sendJson(response, 200, model);
}

/** Real models and the virtual names that ask for a decision, in OpenAI's form. */
function modelList({ runtime }: Gateway): { id: string }[] {
  const common = { object: 'model', created: 0, owned_by: 'weir' };
  return [
    ...[...runtime.router.virtualNames].map(id => ({ id, ...common, virtual: true })),
    ...[...runtime.models.values()].map(({ name, contextTokens, description }) => ({
      id: name,
      ...common,
      virtual: false,
      max_model_len: contextTokens,
      ...(description === undefined ? undefined : { description }),
    })),
  ];
}
