import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DecisionRecord } from '#contract/record.js';
import { cold, failedOver, recordOf, refused, tiered, unanswered } from './stories.js';

const PAGE = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

export interface Asked {
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly model: string; readonly messages: readonly { role: string; content: string }[] };
}

/** A gateway that gives canned answers, chosen by a word in the prompt: what the page shows is then known in advance. */
export interface StubGateway {
  readonly url: string;
  /** Chat requests so far. */
  readonly asked: readonly Asked[];
  readonly faults: readonly { readonly replica: string; readonly body: unknown }[];
  /** Lets an answer that was held go on to its end. */
  release(): void;
  /** Resolves when a client has left a held answer. */
  readonly left: Promise<void>;
  /** Everything that is asked for fails from now on, or works again. */
  break(broken: boolean): void;
  close(): Promise<void>;
}

export async function stubGateway(): Promise<StubGateway> {
  const files = new Map(
    readdirSync(PAGE, { recursive: true, encoding: 'utf8' }).map(name => [`/${name.replaceAll('\\', '/')}`, name]),
  );
  const records = new Map<string, DecisionRecord>();
  const early = new Set<string>();
  const asked: Asked[] = [];
  const faults: { replica: string; body: unknown }[] = [];
  const held: (() => void)[] = [];
  let leave = (): void => {};
  const left = new Promise<void>(resolve => {
    leave = resolve;
  });
  let broken = false;

  const watchers = new Set<ServerResponse>();

  const keep = (record: DecisionRecord): void => {
    const kept = { ...record, at: record.at + records.size * 60_000 };
    records.set(record.id, kept);
    early.add(record.id);
    for (const watcher of watchers) watcher.write(`event: record\ndata: ${JSON.stringify(kept)}\n\n`);
  };

  async function chat(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as Asked['body'];
    asked.push({ headers: request.headers, body });
    const id = `req_${String(asked.length).padStart(24, '0')}`;
    const prompt = body.messages.at(-1)?.content ?? '';
    const wants = (word: string): boolean => prompt.includes(word);
    const head = {
      'x-request-id': id,
      'x-weir-decision': wants('forbidden') ? 'refuse' : 'programming',
      'x-weir-reason': 'code: keyword "function"',
    };
    if (wants('overload')) {
      keep(unanswered(id, 'failed', 'pool.saturated'));
      const error = {
        message: 'All replicas are at their limit.',
        type: 'rate_limit_error',
        param: null,
        code: 'pool.saturated',
      };
      response.writeHead(429, { ...head, 'retry-after': '3', 'content-type': 'application/json' });
      response.end(JSON.stringify({ error }));
      return;
    }
    if (wants('nonsense')) {
      const error = {
        message: 'There is no model "x".',
        type: 'not_found_error',
        param: 'model',
        code: 'request.unknown_model',
      };
      response.writeHead(404, { 'x-request-id': id, 'content-type': 'application/json' });
      response.end(JSON.stringify({ error }));
      return;
    }
    const place = { 'x-weir-model': 'small', 'x-weir-pool': 'gpu-small', 'x-weir-replica': 'gpu-small/127.0.0.1:9001' };
    response.writeHead(200, { ...head, ...(wants('forbidden') ? {} : place), 'content-type': 'text/event-stream' });
    const event = (value: unknown): void => {
      response.write(`data: ${JSON.stringify(value)}\n\n`);
    };
    const say = (content: string): void => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    const end = (record: DecisionRecord): void => {
      event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
      event({ choices: [], usage: { prompt_tokens: 1204, completion_tokens: 96, total_tokens: 1300 } });
      keep(record);
      response.end('data: [DONE]\n\n');
    };
    if (wants('forbidden')) {
      say('I cannot help with that.');
      end(refused(id));
    } else if (wants('cut')) {
      say('The beginning of an ');
      event({
        error: { message: 'The replica broke off.', type: 'upstream_error', param: null, code: 'upstream.cut' },
      });
      keep(unanswered(id, 'cut', 'upstream.cut'));
      response.end();
    } else if (wants('hold')) {
      say('First half, ');
      response.on('close', () => {
        if (response.writableFinished) return;
        keep(unanswered(id, 'cancelled', 'client.gone'));
        leave();
      });
      held.push(() => {
        say('second half <b>as text</b>.');
        end(recordOf(id));
      });
    } else {
      say('The answer ');
      say('is 391.');
      if (wants('tiered')) end(tiered(id));
      else if (wants('cold') || wants('left out')) end(cold(id, wants('left out')));
      else end(wants('failover') ? failedOver(id) : recordOf(id));
    }
  }

  async function otherApi(
    request: IncomingMessage,
    response: ServerResponse,
    events: readonly { type: string }[],
  ): Promise<void> {
    asked.push({ headers: request.headers, body: (await json(request)) as Asked['body'] });
    const id = `req_${String(asked.length).padStart(24, '0')}`;
    response.writeHead(200, { 'x-request-id': id, 'content-type': 'text/event-stream' });
    keep(recordOf(id));
    response.end(events.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stub');
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const path = url.pathname;
    const file = files.get(path === '/' ? '/index.html' : path);
    const type = file === undefined ? undefined : TYPES[extname(file)];
    const fault = /^\/api\/replicas\/([^/]+)\/faults$/.exec(path);
    const id = /^\/api\/records\/([^/]+)$/.exec(path)?.[1];
    if (file !== undefined && type !== undefined) {
      response.writeHead(200, {
        'content-type': type,
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
      });
      response.end(readFileSync(PAGE + file));
    } else if (broken) request.socket.destroy();
    else if (path === '/v1/chat/completions') void chat(request, response);
    else if (path === '/v1/messages') void otherApi(request, response, MESSAGES_EVENTS);
    else if (path === '/v1/responses') void otherApi(request, response, RESPONSES_EVENTS);
    else if (path === '/v1/models') send(200, { data: MODELS });
    else if (path === '/api/state') send(200, STATE);
    else if (path === '/api/rebalance') send(200, REBALANCE);
    else if (path === '/api/pools/recommendations') send(200, RECOMMENDATIONS);
    else if (path === '/api/session') send(200, SESSION);
    else if (path === '/api/records/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': open\n\n');
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
    } else if (path === '/api/explain') send(200, { decision: 'programming', selected: 'small' });
    else if (path === '/api/records') send(200, { records: [...records.values()].reverse() });
    else if (id !== undefined) {
      // Records are written in batches: each is found only when it is asked for again.
      const record = early.delete(id) ? undefined : records.get(id);
      if (record === undefined) send(404, { error: { message: 'There is no record.', code: 'store.not_found' } });
      else send(200, record);
    } else if (fault !== null) {
      void json(request).then(body => {
        faults.push({ replica: decodeURIComponent(fault[1] ?? ''), body });
        send(200, { faults: [body] });
      });
    } else send(404, { error: { message: `There is nothing at ${path}.`, code: 'request.unknown_path' } });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    asked,
    faults,
    left,
    release: () => {
      for (const goOn of held.splice(0)) goOn();
    },
    break: value => {
      broken = value;
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function json(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

const MESSAGES_EVENTS = [
  { type: 'message_start', message: { usage: { input_tokens: 9, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Told as ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a message.' } },
  { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
];

const RESPONSES_EVENTS = [
  { type: 'response.created', response: {} },
  { type: 'response.output_text.delta', delta: 'Told as ' },
  { type: 'response.output_text.delta', delta: 'a response.' },
  { type: 'response.completed', response: { usage: { output_tokens: 5 } } },
];

const MODELS = [
  { id: 'auto', virtual: true },
  { id: 'small', virtual: false, description: 'quick and cheap' },
  { id: 'large', virtual: false },
];

const price = (prompt: number, completion: number) => ({ prompt, completion, cached: prompt / 10 });

const replica = (port: number, changes: object = {}) => ({
  id: `gpu-small/127.0.0.1:${port}`,
  pool: 'gpu-small',
  model: 'small',
  url: `http://127.0.0.1:${port}`,
  health: 'healthy',
  circuit: 'closed',
  ejectedForMs: 0,
  drained: false,
  inFlight: 12,
  waiting: 2,
  limit: 64,
  inFlightTokens: 18_400,
  kvShare: 0.34,
  prefixShare: 0.61,
  watts: 412.4,
  gpus: 1,
  engineWaiting: 0,
  slow: false,
  ttftMs: 143.2,
  tpotMs: 21.7,
  requests: 1204,
  failures: 3,
  simulated: true,
  ...changes,
});

const SESSION = { name: 'local', role: 'admin', version: '0.1.0', demonstration: true };

const RECOMMENDATIONS = {
  pools: [
    { pool: 'gpu-small', available: 2, replicas: 4, why: '9.1 requests/s forecast within 15 min take 3.7 replicas' },
    { pool: 'gpu-large', available: 1, none: 'few_requests', why: 'too few requests have been answered' },
  ],
};
const REBALANCE = {
  pairs: [],
  changes: [{ id: 1, pair: 'day', at: 0, why: 'More short ones came.', before: {}, after: {}, state: 'done' }],
  moves: [
    {
      ...{ id: 2, pair: 'day', replica: 'gpu-small/127.0.0.1:9002', from: 'gpu-large', to: 'gpu-small' },
      ...{ state: 'moved', at: 0, endedAt: 1, change: 1 },
    },
  ],
};

const STATE = {
  version: 'c0ffee12',
  best_model: 'large',
  source: 'demonstration',
  uptime_ms: 754_000,
  draining: false,
  in_flight: 3,
  names: ['auto'],
  examples: [],
  models: [
    { name: 'small', context: 32_768, price: price(0.05, 0.2), quality: 0.6, description: 'quick and cheap' },
    { name: 'large', context: 131_072, price: price(0.6, 2.4), quality: 0.9 },
  ],
  signals: ['code', 'long', 'french', 'gold'].map(name => ({
    name,
    type: 'keyword',
    tier: 'inline',
    microseconds: 20,
  })),
  decisions: [
    { name: 'refuse', when: 'spam', tier: 0, priority: 0, respond: 'I cannot help with that.' },
    { name: 'programming', when: 'code', tier: 1, priority: 0, models: ['small', 'large'] },
  ],
  records_dropped: 0,
  pools: [
    {
      name: 'gpu-small',
      model: 'small',
      contextTokens: 32_768,
      placement: 'prefix',
      inFlight: 24,
      limit: 128,
      available: 2,
      queued: 2,
      queueLength: 128,
      oldestWaitMs: 120,
      predictedWaitMs: 340,
      spilling: true,
      spells: 3,
      watts: 824.8,
      counts: { granted: 1300, waited: 41, saturated: 2, timedOut: 1 },
    },
    {
      name: 'gpu-large',
      model: 'large',
      contextTokens: 131_072,
      placement: 'prefix',
      inFlight: 0,
      limit: 32,
      available: 1,
      queued: 0,
      queueLength: 128,
      oldestWaitMs: 0,
      predictedWaitMs: 0,
      counts: { granted: 0, waited: 0, saturated: 0, timedOut: 0 },
    },
  ],
  replicas: [
    replica(9001),
    replica(9002, { inFlight: 61, failures: 0 }),
    replica(9003, { unavailable: 'circuit open', circuit: 'open', inFlight: 0, waiting: 0, failures: 88 }),
    {
      ...replica(9101, {
        health: 'unknown',
        inFlight: 0,
        requests: 0,
        failures: 0,
        simulated: false,
        pool: 'gpu-large',
      }),
      id: 'gpu-large/10.0.0.1:8000',
      model: 'large',
      ttftMs: undefined,
      tpotMs: undefined,
    },
  ],
};
