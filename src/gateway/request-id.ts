import { randomUUID } from 'node:crypto';

/** A fresh request id: `req_` and 24 random hexadecimal digits. */
export function requestId(): string {
  const uuid = randomUUID();
  return `req_${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(24)}`;
}
