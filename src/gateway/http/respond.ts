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
  response.end(response.req.method === 'HEAD' ? undefined : body);
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
