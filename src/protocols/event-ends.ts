import { Buffer } from 'node:buffer';

/** The blank lines that end events; of lines that end in CRLF, what begins with the LF of the line before. */
const ENDS = [Buffer.from('\n\n'), Buffer.from('\n\r\n'), Buffer.from('\r\r')];
/** An end of events that is not whole is at most this long. */
export const SEAM = 2;

/** Where in a stream's bytes the last event that is whole ends, at `at` or before; 0 for nowhere. Costs a few native searches. */
export function endOfEvents(data: Buffer, at = data.length): number {
  const size = data.length;
  if (at === size && size >= 2 && data[size - 1] === 10 && data[size - 2] === 10) return size;
  let end = 0;
  for (const mark of ENDS) {
    const found = data.lastIndexOf(mark, at);
    if (found >= 0) end = Math.max(end, found + mark.length);
  }
  return end;
}
