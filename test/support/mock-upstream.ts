import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How the mock meets one request. */
export type Behaviour =
  | { readonly kind: 'answer'; readonly words?: number; readonly pace?: number; readonly usage?: boolean }
  | { readonly kind: 'status'; readonly status: number; readonly message?: string; readonly retryAfter?: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'hang_up' }
  | { readonly kind: 'cut'; readonly after: number; readonly clean?: boolean }
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'raw'; readonly type: string; readonly body: string };

export interface Seen {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
  /** Resolves when the gateway closes the connection before the answer was whole. */
  readonly aborted: Promise<void>;
}

/** An engine whose every answer is scripted: what a real one does right and wrong, without a model. */
export interface MockUpstream {
  readonly url: string;
  readonly seen: Seen[];
  behaviour: Behaviour | ((body: Record<string, unknown>, index: number) => Behaviour);
  close(): Promise<void>;
}

const PROMPT_TOKENS = 11;

export interface MockOptions {
  /** What `GET /v1/models` lists. */
  readonly models?: readonly object[];
  /** Whether there is a `/health`; Ollama, for one, has none. */
  readonly health?: boolean;
}

export async function startMockUpstream(
  initial: MockUpstream['behaviour'] = { kind: 'answer' },
  { models = [{ id: 'mock', object: 'model', max_model_len: 4096 }], health = true }: MockOptions = {},
): Promise<MockUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    if (request.url === '/v1/models') {
      json(response, 200, { object: 'list', data: models });
      return;
    }
    if (request.method === 'GET') {
      response.statusCode = health && request.url === '/health' ? 200 : 404;
      response.end('{}');
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      const aborted = new Promise<void>(resolve => {
        response.on('close', () => {
          if (!response.writableFinished) resolve();
        });
      });
      mock.seen.push({ path: request.url ?? '', body, headers: request.headers, aborted });
      const { behaviour } = mock;
      meet(typeof behaviour === 'function' ? behaviour(body, mock.seen.length - 1) : behaviour, body, response);
    });
  });
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const mock: MockUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    behaviour: initial,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return mock;
}

function meet(behaviour: Behaviour, body: Record<string, unknown>, response: ServerResponse): void {
  const words = behaviour.kind === 'answer' ? (behaviour.words ?? 4) : 4;
  switch (behaviour.kind) {
    case 'answer':
      if (body.stream === true) void stream(response, body, words, behaviour.pace ?? 0, words, 'done');
      else json(response, 200, whole(words, behaviour.usage !== false));
      break;
    case 'status':
      if (behaviour.retryAfter !== undefined) response.setHeader('retry-after', behaviour.retryAfter);
      json(response, behaviour.status, {
        error: { message: behaviour.message ?? `status ${behaviour.status}`, type: 'x' },
      });
      break;
    case 'hang':
      break;
    case 'hang_up':
      response.socket?.destroy();
      break;
    case 'cut':
      void stream(response, body, words, 0, behaviour.after, behaviour.clean === true ? 'end' : 'cut');
      break;
    case 'stall':
      void stream(response, body, words, 0, behaviour.after, 'stall');
      break;
    case 'raw':
      response.writeHead(200, { 'content-type': behaviour.type });
      response.end(behaviour.body);
      break;
  }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function usageOf(words: number) {
  return {
    prompt_tokens: PROMPT_TOKENS,
    completion_tokens: words,
    total_tokens: PROMPT_TOKENS + words,
    prompt_tokens_details: { cached_tokens: 5 },
  };
}

function whole(words: number, usage: boolean) {
  const content = Array.from({ length: words }, (_, at) => `w${at}`).join(' ');
  return {
    id: 'x',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    ...(usage ? { usage: usageOf(words) } : undefined),
  };
}

async function stream(
  response: ServerResponse,
  body: Record<string, unknown>,
  words: number,
  pace: number,
  until: number,
  end: 'done' | 'cut' | 'end' | 'stall',
): Promise<void> {
  const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  const chunk = (delta: object, finish: string | null) =>
    event({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for (let at = 0; at < until; at++) {
    response.write(chunk({ content: `w${at} ` }, null));
    if (pace > 0) await new Promise(resolve => setTimeout(resolve, pace));
    if (response.destroyed) return;
  }
  // What was written must leave before the socket is torn down, or the gateway would see nothing of it.
  if (end === 'cut') setTimeout(() => response.socket?.destroy(), 10);
  else if (end === 'end') response.end();
  else if (end === 'done') {
    response.write(chunk({}, 'stop'));
    const options = body.stream_options as { include_usage?: boolean } | undefined;
    if (options?.include_usage === true) response.write(event({ id: 'x', choices: [], usage: usageOf(words) }));
    response.end('data: [DONE]\n\n');
  }
}
