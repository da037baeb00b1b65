import { Buffer } from 'node:buffer';
import { parsedObject } from './json.js';
import { SseReader } from './sse.js';

const LF = 10;
const BLANK = Buffer.from('\n\n');

/**
 * What an engine that closed its stream has left behind the last blank line, as a whole event: some write no blank line there. What says
 * neither JSON nor the end mark is half an event, and none.
 */
export function lastEvent(rest: Buffer): Buffer | undefined {
  if (rest.length === 0) return undefined;
  const whole = ended(rest);
  const data = dataOf(whole);
  return data === '[DONE]' || (data !== undefined && parsedObject(data) !== undefined) ? whole : undefined;
}

/** Whether what is left behind the last blank line has data, be it whole or half; blank lines and comments have none. */
export function saysSomething(rest: Buffer): boolean {
  return rest.length > 0 && dataOf(ended(rest)) !== undefined;
}

function ended(rest: Buffer): Buffer {
  return Buffer.concat([rest, rest.at(-1) === LF ? BLANK.subarray(1) : BLANK]);
}

function dataOf(event: Buffer): string | undefined {
  return new SseReader().push(event).at(-1)?.data;
}
