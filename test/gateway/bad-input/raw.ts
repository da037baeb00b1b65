import { connect, createServer, type Server, type Socket } from 'node:net';

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawExchange {
  /** Whole answers, in their order. */
  readonly replies: readonly RawReply[];
  /** The server closed the connection. */
  readonly closed: boolean;
}

/**
 * Writes bytes to a port as they are and reads what comes back: until so many answers are whole, or the server closes the connection.
 */
export function sendRaw(
  url: string,
  pieces: string | Buffer | Iterable<string | Buffer>,
  options: { readonly replies?: number; readonly end?: boolean; readonly waitMs?: number } = {},
): Promise<RawExchange> {
  const { replies: wanted = 1, end = false, waitMs = 8000 } = options;
  return new Promise(resolve => {
    let received = Buffer.alloc(0);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ replies: repliesIn(received), closed });
    };
    const timer = setTimeout(() => finish(false), waitMs);
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk]);
      if (repliesIn(received).length >= wanted) finish(false);
    });
    socket.on('close', () => finish(true));
    socket.on('error', () => undefined);
    socket.on('connect', () => {
      const all = typeof pieces === 'string' || Buffer.isBuffer(pieces) ? [pieces] : pieces;
      void write(socket, all).then(() => {
        if (end) socket.end();
      });
    });
  });
}

async function write(socket: Socket, pieces: Iterable<string | Buffer>): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (!socket.write(piece)) {
      await new Promise<void>(resolve => {
        socket.once('drain', resolve);
        socket.once('close', () => resolve());
      });
    }
  }
}

/** The answers that are whole in what has come. */
function repliesIn(bytes: Buffer): RawReply[] {
  const replies: RawReply[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return replies;
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const status = Number(first.split(' ')[1]);
    const after = rest.subarray(end + 4);
    if (status === 100) {
      rest = after;
      continue;
    }
    const body = bodyIn(after, headers);
    if (body === undefined) return replies;
    replies.push({ status, headers, body: body.text });
    rest = after.subarray(body.bytes);
  }
}

function bodyIn(bytes: Buffer, headers: Readonly<Record<string, string>>): { text: string; bytes: number } | undefined {
  if (headers['transfer-encoding'] === 'chunked') {
    const end = bytes.indexOf('0\r\n\r\n');
    return end < 0 ? undefined : { text: bytes.subarray(0, end).toString(), bytes: end + 5 };
  }
  const length = Number(headers['content-length'] ?? 0);
  return bytes.length < length ? undefined : { text: bytes.subarray(0, length).toString(), bytes: length };
}

/** The head of a chat request and its body. */
export function chatPost(body: string | Buffer, headers: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body as string);
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: weir',
    'content-type: application/json',
    `content-length: ${bytes.length}`,
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}

export interface RawUpstream {
  readonly url: string;
  /** What is written when a chat request has come; whoever writes it ends the connection too. */
  answer: (socket: Socket, request: string) => void;
  requests: number;
  close(): Promise<void>;
}

/** An engine that answers in whatever bytes it is told to; its health is always good. */
export async function startRawUpstream(): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let seen = '';
    socket.on('data', chunk => {
      seen += chunk.toString('latin1');
      const head = seen.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(seen)?.[1] ?? 0);
      if (seen.length < head + 4 + length) return;
      const request = seen;
      seen = '';
      if (request.startsWith('GET')) {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        return;
      }
      upstream.requests++;
      upstream.answer(socket, request);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const upstream: RawUpstream = {
    url: `http://127.0.0.1:${port}`,
    answer: socket => socket.end(),
    requests: 0,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return upstream;
}

/** Bytes of memory that the process has beyond what it had, at its most, while something is done. */
export async function memoryOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(most, process.memoryUsage().rss) - before;
}
