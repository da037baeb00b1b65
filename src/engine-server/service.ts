import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import { errorJson } from '#protocols/anthropic/terms.js';
import type { EngineBackend, Work } from './backend.js';
import { readJson } from './body.js';
import { embed } from './embeddings.js';
import type { EngineMetrics } from './engine-metrics.js';
import { errorBody } from './error-body.js';
import type { Fault, Faults } from './faults.js';
import { Generation } from './generation.js';
import type { KvConnector } from './kv-transfer/connector.js';
import { countMessages, messages, responses } from './neutral-service.js';
import {
  type ChatRequest,
  chatSchema,
  MOST_CHOICES,
  parseRequest,
  promptTexts,
  type TextRequest,
  textSchema,
  tokenizeChatSchema,
  tokenizeTextSchema,
} from './requests.js';
import { chatWire, textWire, type Wire, type WireHead } from './wire.js';

/** Stands on every response of a simulated engine. */
export const SIMULATED_HEADER = { 'x-weir-simulated': 'true' };

export interface EngineService {
  readonly servedAs: string;
  readonly backend: EngineBackend;
  readonly metrics: EngineMetrics;
  /** What can be made to go wrong; a real engine has none. */
  readonly faults: Faults | undefined;
  readonly clock: Clock;
  /** How KV goes to and comes from other engines; absent for one that computes every prompt it answers. */
  readonly kv?: KvConnector | undefined;
}

type Route = (service: EngineService, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/v1/chat/completions': { POST: chat },
  '/v1/completions': { POST: complete },
  '/v1/embeddings': { POST: embed },
  '/v1/messages': { POST: withFaults(messages) },
  '/v1/messages/count_tokens': { POST: countMessages },
  '/v1/responses': { POST: withFaults(responses) },
  '/v1/models': { GET: models },
  '/tokenize': { POST: tokenize },
  '/health': { GET: (service, _request, response) => send(service, response, 200, '', 'text/plain') },
  '/version': { GET: version },
  '/metrics': { GET: metrics },
};

const FAULT_ROUTES: typeof ROUTES = { '/faults': { GET: showFaults, POST: setFault } };

/** A route that faults happen to. */
function withFaults(
  route: (service: EngineService, request: IncomingMessage, response: ServerResponse, fault?: Fault) => Promise<void>,
): Route {
  return async (service, request, response) => {
    const fault = service.faults?.draw();
    if (!fails(service, fault, response)) await route(service, request, response, fault);
  };
}

/** Answers one request; errors take the form that vLLM gives them, or Anthropic where its API is spoken. */
export async function serve(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (service.kv?.send(path, request, response) === true) return;
    const methods = methodsOf(ROUTES, path) ?? (service.faults && methodsOf(FAULT_ROUTES, path));
    if (methods === undefined) throw new WeirError('request.unknown_path', `There is no ${path.slice(0, 200)}.`);
    const method = request.method ?? 'GET';
    const route = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (route === undefined) throw new WeirError('request.method_not_allowed', `${path} does not take ${method}.`);
    await route(service, request, response);
  } catch (error) {
    sendError(service, response, error);
  }
}

function methodsOf(routes: typeof ROUTES, path: string) {
  return Object.hasOwn(routes, path) ? routes[path] : undefined;
}

async function chat(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fault = service.faults?.draw();
  if (fails(service, fault, response)) return;
  const body = parseRequest(chatSchema, await readJson(request));
  checkModel(service, body);
  const received = (await service.kv?.receive(body, request, service.backend)) ?? 0;
  const work = await service.backend.chat(body, received);
  const wire = chatWire(head(service, 'chatcmpl', body.logprobs === true));
  generate(service, response, body, work, wire, fault);
}

async function complete(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fault = service.faults?.draw();
  if (fails(service, fault, response)) return;
  const body = parseRequest(textSchema, await readJson(request));
  checkModel(service, body);
  if (promptTexts(body.prompt).length * (body.n ?? 1) > MOST_CHOICES) {
    throw new WeirError('request.invalid', `More than ${MOST_CHOICES} answers in one request.`, { path: 'n' });
  }
  const received = (await service.kv?.receive(body, request, service.backend)) ?? 0;
  const work = service.backend.complete(body, received);
  generate(service, response, body, work, textWire(head(service, 'cmpl', typeof body.logprobs === 'number')), fault);
}

/** Begins to answer. */
export function generate(
  service: EngineService,
  response: ServerResponse,
  body: ChatRequest | TextRequest,
  work: Work,
  wire: Wire,
  fault: Fault | undefined,
): void {
  const stream = body.stream === true;
  const includeUsage = body.stream_options?.include_usage === true;
  const headers = headersOf(service);
  const beside = stream ? undefined : service.kv?.keep(body, work.promptTokens, response.req);
  new Generation({ wire, work, stream, includeUsage, fault, headers, beside }, response, service).start();
}

/** @throws WeirError `request.unknown_model`. */
export function checkModel({ servedAs }: EngineService, { model }: { readonly model: string }): void {
  if (model === servedAs) return;
  throw new WeirError('request.unknown_model', `The model \`${model}\` does not exist.`, { path: 'model' });
}

function head({ servedAs, clock, backend }: EngineService, kind: string, logprobs: boolean): WireHead {
  const id = `${kind}-${randomUUID().replaceAll('-', '')}`;
  const { fingerprint } = backend.facts;
  return { id, model: servedAs, created: Math.floor(clock.wall() / 1000), fingerprint, logprobs };
}

/** Faults that leave no answer at all. */
function fails(service: EngineService, fault: Fault | undefined, response: ServerResponse): boolean {
  if (fault?.kind === 'hang_up') {
    response.destroy();
    return true;
  }
  if (fault?.kind !== 'error') return false;
  const { status } = fault;
  response.req.resume();
  const error = { message: 'Injected fault.', type: 'SimulatedFault', param: null, code: status };
  const body = isAnthropic(response)
    ? errorJson(new WeirError('upstream.status', 'Injected fault', { status }))
    : { error };
  sendJson(service, response, status, body);
  return true;
}

/** `POST /tokenize`, as vLLM answers it. */
async function tokenize(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { backend } = service;
  if (backend.tokenize === undefined) throw new WeirError('request.unknown_path', 'This engine tells no tokens.');
  const body = await readJson(request);
  const chat = typeof body === 'object' && body !== null && 'messages' in body;
  const asked = chat ? parseRequest(tokenizeChatSchema, body) : parseRequest(tokenizeTextSchema, body);
  checkModel(service, asked);
  const tokens = backend.tokenize('messages' in asked ? (asked as ChatRequest) : (asked as { prompt: string }).prompt);
  const { contextTokens } = backend.facts;
  sendJson(service, response, 200, { count: tokens.length, max_model_len: contextTokens, tokens });
}

function models(service: EngineService, _request: IncomingMessage, response: ServerResponse): void {
  const { root, fingerprint, contextTokens } = service.backend.facts;
  const card = {
    id: service.servedAs,
    object: 'model',
    created: Math.floor(service.clock.wall() / 1000),
    owned_by: fingerprint,
    root,
    parent: null,
    max_model_len: contextTokens,
  };
  sendJson(service, response, 200, { object: 'list', data: [card] });
}

function version(service: EngineService, _request: IncomingMessage, response: ServerResponse): void {
  sendJson(service, response, 200, { version: service.backend.facts.fingerprint });
}

async function metrics(service: EngineService, _request: IncomingMessage, response: ServerResponse): Promise<void> {
  send(service, response, 200, await service.metrics.text(), service.metrics.contentType);
}

function showFaults(service: EngineService, _request: IncomingMessage, response: ServerResponse): void {
  sendJson(service, response, 200, { faults: service.faults?.list() });
}

async function setFault(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  service.faults?.set(await readJson(request));
  showFaults(service, request, response);
}

function headersOf({ backend }: EngineService): Readonly<Record<string, string>> {
  return backend.facts.simulated ? SIMULATED_HEADER : {};
}

export function sendJson(service: EngineService, response: ServerResponse, status: number, value: unknown): void {
  send(service, response, status, JSON.stringify(value), 'application/json');
}

function send(service: EngineService, response: ServerResponse, status: number, text: string, type: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': type, 'content-length': body.length, ...headersOf(service) });
  response.end(body);
}

function sendError(service: EngineService, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = isWeirError(error)
    ? error
    : new WeirError('internal.defect', 'A defect in the engine.', { cause: error });
  // What is left of a body that was not read stands in the way of the next request.
  if (known.code === 'request.too_large') response.setHeader('connection', 'close');
  response.req.resume();
  sendJson(service, response, known.status, isAnthropic(response) ? errorJson(known) : errorBody(known));
}

function isAnthropic({ req }: ServerResponse): boolean {
  return req.url?.startsWith('/v1/messages') === true;
}
