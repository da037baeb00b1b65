import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { AdminApi } from '#gateway/admin/dispatch.js';
import type { AdminPorts } from '#gateway/admin/ports.js';
import { isAboutCaller } from '#gateway/exchange/refusal.js';
import type { Gateway } from '#gateway/gateway.js';
import { addCallerHeaders } from '#identity/admission.js';
import type { Grant } from '#identity/grant.js';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { protocolAt } from '#protocols/registry.js';
import { type Access, admitted } from './access.js';
import { countTokensRoute } from './count-tokens.js';
import { modelRoute, modelsRoute, speaksAnthropic } from './models.js';
import { Page } from './page.js';
import { errorHeaders, sendJson, sendText } from './respond.js';
import { cancelResponseRoute, deleteResponseRoute, inputItemsRoute, responseRoute } from './responses.js';

/** What a route is given. */
export interface Visit {
  readonly gateway: Gateway;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Query of the URL. */
  readonly query: URLSearchParams;
  /** What stood in the path where the route has a `:name`, one part of it, or a `:name*`, all that is left. */
  readonly parameter: string;
  /** Who asks, where callers are asked for a key and the path is not open. */
  readonly grant: Grant | undefined;
}

export type Route = (visit: Visit) => void | Promise<void>;

interface Entry {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly pattern: RegExp;
  readonly access: Access;
  readonly route: Route;
}

export interface Routes {
  serve(path: string, request: IncomingMessage, response: ServerResponse): void;
}

/** Every path beside inference: what programs ask to know the gateway's state, and the page. */
export function createRoutes(gateway: Gateway, admin: AdminPorts): Routes {
  let api: Promise<AdminApi> | undefined;
  const page = new Page();
  const entries: readonly Entry[] = [
    entry('GET', '/healthz', 'open', healthRoute),
    entry('GET', '/readyz', 'open', readyRoute),
    entry('GET', '/metrics', 'metrics', metricsRoute),
    entry('GET', '/v1/models', 'caller', modelsRoute),
    // Names hold slashes, and not every client encodes them.
    entry('GET', '/v1/models/:name*', 'caller', modelRoute),
    entry('POST', '/v1/messages/count_tokens', 'caller', countTokensRoute),
    entry('GET', '/v1/responses/:id', 'caller', responseRoute),
    entry('DELETE', '/v1/responses/:id', 'caller', deleteResponseRoute),
    entry('GET', '/v1/responses/:id/input_items', 'caller', inputItemsRoute),
    entry('POST', '/v1/responses/:id/cancel', 'caller', cancelResponseRoute),
  ];
  return {
    serve(path, request, response) {
      if (path.startsWith('/api/')) {
        api ??= openAdminApi(gateway, admin);
        void api.then(opened => opened.serve(path, request, response));
        return;
      }
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const matching = entries.filter(({ pattern }) => pattern.test(path));
      const found = matching.find(candidate => candidate.method === method);
      if (found !== undefined) {
        const parameter = decoded(found.pattern.exec(path)?.[1] ?? '');
        const query = queryOf(request.url ?? '/');
        void run(found, { gateway, request, response, query, parameter, grant: undefined });
        return;
      }
      if (matching.length === 0 && method === 'GET' && page.serve(path, response)) return;
      const error =
        matching.length === 0
          ? new WeirError('request.unknown_path', `There is nothing at ${path.slice(0, 120)}`, meantPath(path))
          : new WeirError('request.method_not_allowed', `${request.method} is not a method of this path`, {
              hint: matching.map(candidate => candidate.method).join(' or '),
            });
      sendError(response, error);
    },
  };
}

/** Loaded when it is first asked: a sixth of the time until a gateway listens would go into its schemas. */
async function openAdminApi(gateway: Gateway, admin: AdminPorts): Promise<AdminApi> {
  const [{ AdminApi }, { ADMIN_ROUTES }] = await Promise.all([
    import('#gateway/admin/dispatch.js'),
    import('#gateway/admin/routes.js'),
  ]);
  return new AdminApi(gateway, admin, ADMIN_ROUTES);
}

async function run({ access, route }: Entry, visit: Visit): Promise<void> {
  const { runtime } = visit.gateway;
  let grant: Grant | undefined;
  try {
    grant = await admitted(access, runtime, visit.request);
    await route({ ...visit, grant });
  } catch (error) {
    if (!isWeirError(error)) runtime.log.error('a page of the gateway failed', { url: visit.request.url, error });
    const told = isWeirError(error) ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error });
    const left: OutgoingHttpHeaders = {};
    if (grant !== undefined && isAboutCaller(told)) addCallerHeaders(grant, runtime.clock.wall(), left);
    sendError(visit.response, told, left);
  }
}

function sendError(response: ServerResponse, error: WeirError, more?: OutgoingHttpHeaders): void {
  const { url = '', headers } = response.req;
  const protocol = url.startsWith('/v1/messages') || speaksAnthropic(headers) ? anthropicMessages : openaiChat;
  sendText(response, error.status, protocol.errorBody(error), 'application/json', { ...errorHeaders(error), ...more });
}

/** What clients get that were given the base URL of another API's: OpenAI's ends in `/v1`, Anthropic's does not. */
function meantPath(path: string): { readonly hint?: string } {
  const rest = path.replace(/^(?:\/v1)*/, '');
  const meant = `/v1${rest.replace(/\/+$/, '')}`;
  if (protocolAt(meant) === undefined && !KNOWN_BESIDE.has(meant)) return {};
  return {
    hint: `${meant}: the base URL that OpenAI's clients take ends in /v1, the one that Anthropic's take does not`,
  };
}

const KNOWN_BESIDE = new Set(['/v1/models', '/v1/messages/count_tokens']);

function entry(method: Entry['method'], path: string, access: Access, route: Route): Entry {
  const pattern = path.replace(/:\w+(\*?)/, (_, rest: string) => (rest === '' ? '([^/]+)' : '(.+?)'));
  return { method, access, pattern: new RegExp(`^${pattern}/?$`), route };
}

/** What stands behind the question mark. The rest of a target may be a whole URL, and one that no parser takes. */
function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
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

/**
 * Requests can be served: not draining, signals loaded, and at least one replica takes them. That other processes are not heard is told
 * and is no reason to send traffic elsewhere: each keeps to its share meanwhile.
 */
function readyRoute({ gateway, response }: Visit): void {
  const replicas = gateway.runtime.pool.replicas();
  const available = replicas.filter(replica => replica.unavailable === undefined).length;
  const ready = !gateway.leaving && gateway.prepared && available > 0;
  const why = gateway.prepared ? 'no replica available' : 'loading';
  const status = gateway.leaving ? 'draining' : ready ? 'ready' : why;
  const counters = gateway.runtime.identity?.sharing;
  sendJson(response, ready ? 200 : 503, {
    status,
    replicas: { available, all: replicas.length },
    ...(counters === undefined
      ? undefined
      : { shared_limits: { connected: counters.connected, processes: counters.processes } }),
  });
}

async function metricsRoute({ gateway, response }: Visit): Promise<void> {
  const { metrics, peers } = gateway.runtime;
  const { contentType, body } = await (peers ?? { metrics: () => metrics.render() }).metrics();
  sendText(response, 200, body, contentType);
}
