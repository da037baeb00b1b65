import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { WeirError } from '#contract/errors.js';

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  sendText(response, status, JSON.stringify(value), 'application/json', headers);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type: string,
  headers: OutgoingHttpHeaders = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': type, 'content-length': body.length, ...headers });
  const shown = response.req.method === 'HEAD' ? undefined : body;
  if (headers.connection === 'close' && !response.req.complete) linger(response, shown);
  else response.end(shown);
}

/** How much of a refused body is read on, and for how long, so that its client comes to read the answer. */
const LINGER_BYTES = 256 * 1024 * 1024;
const LINGER_MS = 10_000;

/**
 * Answers now but closes the connection later. Closing it on a client that still sends would reset it, and the answer with it: so what comes is
 * thrown away, within bounds, until the client has seen that nobody wants it.
 */
function linger(response: ServerResponse, body: Buffer | undefined): void {
  const { req: request } = response;
  let left = LINGER_BYTES;
  const timer = setTimeout(() => close(), LINGER_MS);
  timer.unref();
  const close = (): void => {
    clearTimeout(timer);
    response.end();
  };
  if (body !== undefined) response.write(body);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) close();
  });
  request.once('end', close);
  request.once('close', close);
  request.resume();
}

/** Headers that go with an error whatever its body: when to come back, and whether the connection is still in step. */
export function errorHeaders(error: WeirError): OutgoingHttpHeaders {
  return {
    ...(error.retryAfterMs === undefined
      ? undefined
      : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))) }),
    ...(error.status === 401 ? { 'www-authenticate': 'Bearer realm="weir"' } : undefined),
    // What is left of the body was not read, so nothing after it can be understood.
    ...(error.code === 'request.too_large' || error.code === 'request.timeout' ? { connection: 'close' } : undefined),
  };
}

const UNPRINTABLE = /[^\x20-\x7e]/g;

/** A text as a header may carry it: other than printable ASCII is written as `\uXXXX`. */
export function headerText(text: string): string {
  return UNPRINTABLE.test(text)
    ? text.replace(UNPRINTABLE, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}
