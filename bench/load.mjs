// The load generator: keep-alive raw sockets in a process of its own, every answer checked. Driven by its parent over IPC:
// `{id, job, ...}` in, `{id, result}` or `{id, error}` out; jobs are the functions of JOBS below.
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';
import { conversations, TAIL } from './conversations.mjs';
import { MessageReader } from './wire.mjs';

const DONE = 'data: [DONE]\n\n';
const NEWLINE = 10;
const REQUEST_TIMEOUT_MS = 30_000;
/** What the official clients send beside the length, so that header handling has its real work. */
const CREDENTIAL = 'Bearer sk-bench-0123456789abcdef';
const CLIENT_HEADERS = [
  'accept: application/json',
  'content-type: application/json',
  'user-agent: OpenAI/JS 6.30.1',
  'x-stainless-lang: js',
  'x-stainless-package-version: 6.30.1',
  'x-stainless-os: Linux',
  'x-stainless-arch: x64',
  'x-stainless-runtime: node',
  'x-stainless-runtime-version: v20.20.2',
  'x-stainless-retry-count: 0',
].join('\r\n');

const bodiesBySize = new Map();
let cursor = 0;
let nonce = 0;

function bodiesOf(kilobytes) {
  let bodies = bodiesBySize.get(kilobytes);
  if (bodies === undefined) {
    bodiesBySize.clear();
    bodies = conversations(kilobytes);
    bodiesBySize.set(kilobytes, bodies);
  }
  return bodies;
}

/** One keep-alive connection with at most one request on it. */
class Connection {
  #socket;
  #reader;
  #head;
  #task;
  #answered;
  #status = 0;
  #pieces = [];
  #events = 0;
  #afterNewline = false;
  #tail = '';
  #started = 0;
  #settle;
  #timer;

  /**
   * @param {{ port: number, headers?: Record<string, string> }} target
   * @param {{ kilobytes: number, stream: boolean, events?: number }} task `events`: how many `data:` events a stream has
   */
  constructor(target, task) {
    this.#task = task;
    const own = Object.entries({ authorization: CREDENTIAL, ...target.headers }).map(
      ([name, value]) => `\r\n${name}: ${value}`,
    );
    this.#head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\n${CLIENT_HEADERS}${own.join('')}\r\ncontent-length: `;
    this.#reader = new MessageReader({
      head: text => {
        this.#status = Number(text.slice(9, 12));
      },
      data: (bytes, start, end) => {
        if (this.#task.stream && this.#status === 200) this.#countEvents(bytes, start, end);
        else this.#pieces.push(bytes.latin1Slice(start, end));
      },
      end: () => this.#finished(),
    });
    this.#socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', piece => {
      try {
        this.#reader.push(piece);
      } catch (error) {
        this.#settle?.(`unreadable answer: ${error.message}`, 0);
      }
    });
    this.#socket.on('error', error => this.#settle?.(`connection: ${error.message}`, 0));
    this.#socket.on('close', () => this.#settle?.('connection closed before the end of the answer', 0));
  }

  get usable() {
    return !this.#socket.destroyed;
  }

  /** Sends the next body; `answered(problem | undefined, milliseconds, events)` is called once. */
  send(answered) {
    const bodies = bodiesOf(this.#task.kilobytes);
    const body = bodies[cursor++ % bodies.length];
    nonce = (nonce + 1) % 100_000_000;
    body.open.latin1Write(String(nonce).padStart(8, '0'), body.nonceAt);
    const tail = this.#task.stream ? TAIL.stream : TAIL.plain;
    this.#answered = answered;
    this.#settle = this.#settled;
    this.#status = 0;
    this.#pieces = [];
    this.#events = 0;
    this.#afterNewline = false;
    this.#tail = '';
    this.#timer ??= setTimeout(() => this.#settle?.('no answer in 30 s', 0), REQUEST_TIMEOUT_MS);
    this.#timer.refresh();
    this.#started = performance.now();
    const socket = this.#socket;
    socket.cork();
    socket.write(`${this.#head}${body.open.length + tail.length}\r\n\r\n`, 'latin1');
    socket.write(body.open);
    socket.write(tail);
    socket.uncork();
  }

  close() {
    this.#settle = undefined;
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #settled = (problem, events) => {
    const took = performance.now() - this.#started;
    this.#settle = undefined;
    if (problem !== undefined) this.close();
    this.#answered(problem, took, events);
  };

  /** An event ends at an empty line. */
  #countEvents(bytes, start, end) {
    let after = this.#afterNewline;
    for (let at = start; at < end; at++) {
      const newline = bytes[at] === NEWLINE;
      if (newline && after) {
        this.#events++;
        after = false;
      } else after = newline;
    }
    this.#afterNewline = after;
    const room = DONE.length;
    this.#tail =
      end - start >= room
        ? bytes.latin1Slice(end - room, end)
        : (this.#tail + bytes.latin1Slice(start, end)).slice(-room);
  }

  #finished() {
    if (this.#status !== 200) {
      this.#settle?.(`status ${this.#status}: ${this.#pieces.join('').slice(0, 300)}`, 0);
      return;
    }
    if (this.#task.stream) {
      const { events = this.#events } = this.#task;
      if (this.#tail !== DONE) this.#settle?.(`a stream that ends in ${JSON.stringify(this.#tail)}`, 0);
      else if (this.#events !== events) this.#settle?.(`${this.#events} events in place of ${events}`, 0);
      else this.#settle?.(undefined, this.#events);
      return;
    }
    this.#settle?.(problemOf(this.#pieces.join('')), 0);
  }
}

function problemOf(text) {
  try {
    const answer = JSON.parse(text);
    const content = answer.choices[0].message.content;
    if (typeof content === 'string' && content !== '' && answer.usage.total_tokens > 0) return undefined;
  } catch {
    // Told below with the text.
  }
  return `not a chat completion: ${text.slice(0, 300)}`;
}

/** Sends requests over `connections` connections for `seconds`, or until `requests` have been sent. */
function run({
  target,
  kilobytes,
  stream = false,
  events,
  connections = 1,
  seconds,
  requests = Number.POSITIVE_INFINITY,
}) {
  return new Promise(resolve => {
    const started = performance.now();
    const deadline = seconds === undefined ? Number.POSITIVE_INFINITY : started + seconds * 1000;
    const result = { requests: 0, errors: 0, problem: undefined, events: 0, seconds: 0 };
    let sent = 0;
    let open = connections;
    bodiesOf(kilobytes);
    const lane = existing => {
      // A thousand failures say all there is to say.
      if (sent >= requests || performance.now() >= deadline || result.errors >= 1000) {
        existing?.close();
        open--;
        if (open === 0) {
          result.seconds = (performance.now() - started) / 1000;
          resolve(result);
        }
        return;
      }
      sent++;
      const connection = existing?.usable === true ? existing : new Connection(target, { kilobytes, stream, events });
      connection.send((problem, _took, seen) => {
        if (problem === undefined) {
          result.requests++;
          result.events += seen;
        } else {
          result.errors++;
          result.problem ??= problem;
        }
        lane(connection);
      });
    };
    for (let i = 0; i < connections; i++) lane(undefined);
  });
}

/**
 * One connection to each target, in turn a small batch of requests to each, so that whatever else the machine does meets all of
 * them alike. → latencies in ms per target: `{p50, p99, n}`.
 */
async function latency({ targets, kilobytes, seconds, batch = 20 }) {
  bodiesOf(kilobytes);
  const lanes = targets.map(target => ({ name: target.name, target, connection: undefined, took: [] }));
  const result = { errors: 0, problem: undefined, latencies: {} };
  const deadline = performance.now() + seconds * 1000 * targets.length;
  const ask = lane =>
    new Promise(resolve => {
      if (lane.connection?.usable !== true) lane.connection = new Connection(lane.target, { kilobytes, stream: false });
      lane.connection.send((problem, took) => {
        if (problem !== undefined) {
          result.errors++;
          result.problem ??= `${lane.name}: ${problem}`;
        }
        resolve(took);
      });
    });
  while (performance.now() < deadline && result.errors < 100) {
    for (const lane of lanes) {
      // The first of a batch pays for having been away.
      await ask(lane);
      for (let i = 1; i < batch; i++) lane.took.push(await ask(lane));
    }
  }
  for (const lane of lanes) {
    lane.connection?.close();
    lane.took.sort((a, b) => a - b);
    const at = share => lane.took[Math.min(lane.took.length - 1, Math.floor(lane.took.length * share))] ?? Number.NaN;
    result.latencies[lane.name] = { p50: at(0.5), p99: at(0.99), n: lane.took.length };
  }
  return result;
}

const JOBS = { run, latency, prepare: ({ kilobytes }) => bodiesOf(kilobytes).length };

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.on('message', async ({ id, job, ...options }) => {
    try {
      process.send({ id, result: await JOBS[job](options) });
    } catch (error) {
      process.send({ id, error: error.stack });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}
