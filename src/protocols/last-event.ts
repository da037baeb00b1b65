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
  const whole = Buffer.concat([rest, rest.at(-1) === LF ? BLANK.subarray(1) : BLANK]);
  const data = new SseReader().push(whole).at(-1)?.data;
  return data === '[DONE]' || (data !== undefined && parsedObject(data) !== undefined) ? whole : undefined;
}
