import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a client may call its request: nothing that could forge a log line or a header. */
const SANE = /^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,95}$/;
const HEADER = 'x-request-id';
/** Between a client's name for a request and what makes it unique. */
const MARK = '~';

/** A fresh request id: `req_` and 24 random hexadecimal digits. */
export function requestId(): string {
  const uuid = randomUUID();
  return `req_${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(24)}`;
}

/**
 * The id under which a request is recorded. A client that names its request (`x-request-id`) finds that name in it, but never gets
 * to choose the whole: with two requests of one id the record of the second, and its cost, would be lost.
 */
export function requestIdFor(request: IncomingMessage): string {
  const raw = request.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (name.length !== HEADER.length || name.toLowerCase() !== HEADER) continue;
    const given = raw[i + 1]!;
    return SANE.test(given) ? `${given}${MARK}${randomUUID().slice(0, 8)}` : requestId();
  }
  return requestId();
}

/** The headers that name a request: `x-request-id` as the client gave it, and Weir's own id beside it where the two differ. */
export function idHeaders(id: string): { 'x-request-id': string; 'x-weir-id'?: string } {
  const mark = id.lastIndexOf(MARK);
  return mark < 0 ? { 'x-request-id': id } : { 'x-request-id': id.slice(0, mark), 'x-weir-id': id };
}
