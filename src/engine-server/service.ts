import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import { errorJson } from '#protocols/anthropic/terms.js';
import { composeCall } from './answer.js';
import { readJson } from './body.js';
import { type EngineService, promptOf, room, SIMULATED_HEADER, textChoice } from './choices.js';
import { embed } from './embeddings.js';
import type { Fault } from './faults.js';
import { type Choice, Generation } from './generation.js';
import { countMessages, messages, responses } from './neutral-service.js';
import {
  type ChatRequest,
  chatSchema,
  demandedTool,
  MOST_CHOICES,
  parseRequest,
  promptText,
  type TextRequest,
  textSchema,
} from './requests.js';
import { chatWire, textWire, type WireHead } from './wire.js';

type Route = (service: EngineService, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/v1/chat/completions': { POST: chat },
  '/v1/completions': { POST: complete },
  '/v1/embeddings': { POST: embed },
  '/v1/messages': { POST: withFaults(messages) },
  '/v1/messages/count_tokens': { POST: countMessages },
  '/v1/responses': { POST: withFaults(responses) },
  '/v1/models': { GET: models },
  '/health': { GET: (_service, _request, response) => send(response, 200, '', 'text/plain') },
  '/version': { GET: (_service, _request, response) => sendJson(response, 200, { version: 'weir-simulated' }) },
  '/metrics': { GET: metrics },
  '/faults': { GET: showFaults, POST: setFault },
};

/** A route that faults happen to. */
function withFaults(
  route: (service: EngineService, request: IncomingMessage, response: ServerResponse, fault?: Fault) => Promise<void>,
): Route {
  return async (service, request, response) => {
    const fault = service.faults.draw();
    if (!fails(fault, response)) await route(service, request, response, fault);
  };
}

/** Answers one request; errors take the form that vLLM gives them. */
export async function serve(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (methods === undefined) throw new WeirError('request.unknown_path', `There is no ${path.slice(0, 200)}.`);
    const route = methods[request.method ?? 'GET'];
    if (route === undefined)
      throw new WeirError('request.method_not_allowed', `${path} does not take ${request.method}.`);
    await route(service, request, response);
  } catch (error) {
    sendError(response, error);
  }
}

async function chat(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fault = service.faults.draw();
  if (fails(fault, response)) return;
  const body = parseRequest(chatSchema, await readJson(request));
  const prompt = promptOf(service, body, promptText(body));
  const most = room(service, prompt, body.max_completion_tokens ?? body.max_tokens);
  const tool = demandedTool(body);
  const choices = Array.from({ length: body.n ?? 1 }, (_, index) => {
    if (tool === undefined) return textChoice(service, body, prompt, most, index);
    const call = { id: `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`, name: tool.name };
    return { prompt, answer: composeCall(call, tool.parameters, most) };
  });
  const wire = chatWire(head(service, 'chatcmpl', body.logprobs === true));
  new Generation({ ...planOf(body, choices, prompt.tokens, fault), wire }, response, service).start();
}

async function complete(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fault = service.faults.draw();
  if (fails(fault, response)) return;
  const body = parseRequest(textSchema, await readJson(request));
  const texts = textsOf(body.prompt);
  const repeat = body.n ?? 1;
  if (texts.length * repeat > MOST_CHOICES) {
    throw new WeirError('request.invalid', `More than ${MOST_CHOICES} answers in one request.`, { path: 'n' });
  }
  const prompts = texts.map(text => promptOf(service, body, text));
  const choices = prompts.flatMap(prompt => {
    const most = room(service, prompt, body.max_tokens ?? DEFAULT_TEXT_TOKENS);
    return Array.from({ length: repeat }, (_, index) => textChoice(service, body, prompt, most, index));
  });
  const wire = textWire(head(service, 'cmpl', typeof body.logprobs === 'number'));
  const promptTokens = prompts.reduce((sum, { tokens }) => sum + tokens, 0);
  new Generation({ ...planOf(body, choices, promptTokens, fault), wire }, response, service).start();
}

/** What the completions API gives when `max_tokens` is not said. */
const DEFAULT_TEXT_TOKENS = 16;

function textsOf(prompt: TextRequest['prompt']): readonly string[] {
  if (typeof prompt === 'string') return [prompt];
  const first = prompt[0];
  // A token that came as a number is as long as any other: four characters stand for it.
  return typeof first === 'number'
    ? [prompt.map(token => String(token).slice(-4).padStart(4, ' ')).join('')]
    : (prompt as string[]);
}

function planOf(
  body: ChatRequest | TextRequest,
  choices: readonly Choice[],
  promptTokens: Tokens,
  fault: Fault | undefined,
) {
  return {
    stream: body.stream === true,
    includeUsage: body.stream_options?.include_usage === true,
    ...{ promptTokens, choices, fault, headers: SIMULATED_HEADER },
  };
}

function head({ servedAs, clock }: EngineService, kind: string, logprobs: boolean): WireHead {
  const id = `${kind}-${randomUUID().replaceAll('-', '')}`;
  return { id, model: servedAs, created: Math.floor(clock.wall() / 1000), logprobs };
}

/** Faults that leave no answer at all. */
function fails(fault: Fault | undefined, response: ServerResponse): boolean {
  if (fault?.kind === 'hang_up') {
    response.destroy();
    return true;
  }
  if (fault?.kind !== 'error') return false;
  const { status } = fault;
  response.req.resume();
  if (isAnthropic(response)) {
    sendJson(response, status, errorJson(new WeirError('upstream.status', 'Injected fault', { status })));
    return true;
  }
  sendJson(response, status, {
    error: { message: 'Injected fault.', type: 'SimulatedFault', param: null, code: status },
  });
  return true;
}

function models(
  { servedAs, profile, clock }: EngineService,
  _request: IncomingMessage,
  response: ServerResponse,
): void {
  const card = {
    id: servedAs,
    object: 'model',
    created: Math.floor(clock.wall() / 1000),
    owned_by: 'weir-simulated',
    root: profile.model,
    parent: null,
    max_model_len: profile.contextTokens,
  };
  sendJson(response, 200, { object: 'list', data: [card] });
}

async function metrics(service: EngineService, _request: IncomingMessage, response: ServerResponse): Promise<void> {
  send(response, 200, await service.metrics.text(), service.metrics.contentType);
}

function showFaults({ faults }: EngineService, _request: IncomingMessage, response: ServerResponse): void {
  sendJson(response, 200, { faults: faults.list() });
}

async function setFault(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  service.faults.set(await readJson(request));
  showFaults(service, request, response);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, JSON.stringify(value), 'application/json');
}

function send(response: ServerResponse, status: number, text: string, type: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': type, 'content-length': body.length, ...SIMULATED_HEADER });
  response.end(body);
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  405: 'MethodNotAllowedError',
  413: 'BadRequestError',
  429: 'TooManyRequestsError',
};

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = isWeirError(error)
    ? error
    : new WeirError('internal.defect', 'A defect in the simulated engine.', { cause: error });
  const { status, message, path } = known;
  // What is left of a body that was not read stands in the way of the next request.
  if (known.code === 'request.too_large') response.setHeader('connection', 'close');
  response.req.resume();
  if (isAnthropic(response)) {
    sendJson(response, status, errorJson(known));
    return;
  }
  const type = ERROR_TYPES[status] ?? 'InternalServerError';
  sendJson(response, status, { error: { message, type, param: path ?? null, code: status } });
}

function isAnthropic({ req }: ServerResponse): boolean {
  return req.url?.startsWith('/v1/messages') === true;
}
