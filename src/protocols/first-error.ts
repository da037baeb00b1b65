import type { Buffer } from 'node:buffer';
import { parsedObject } from './json.js';
import { SseReader } from './sse.js';

/** Types under which APIs with typed events report an error. */
const ERRORS: ReadonlySet<unknown> = new Set(['error', 'response.failed']);

/** Whether whole events of a stream, in any API, begin with an error: nothing has been said before it. */
export function beginsWithError(events: Buffer): boolean {
  const [first] = new SseReader().push(events);
  const event = first === undefined ? undefined : parsedObject(first.data);
  if (event === undefined) return false;
  return ERRORS.has(event.type) || (event.error !== undefined && event.error !== null && event.choices === undefined);
}
