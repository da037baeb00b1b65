import { StringDecoder } from 'node:string_decoder';
import { WeirError } from '#contract/errors.js';

/** The longest event taken: more than any engine writes, less than what would hurt. */
export const MAX_EVENT_CHARS = 8 * 1024 * 1024;

/** One event of a stream. */
export interface SseEvent {
  /** The `event:` field; empty when there is none. */
  readonly name: string;
  /** The `data:` lines, joined. */
  readonly data: string;
}

/**
 * Takes an event stream apart, by the HTML standard's grammar: lines end in CR, LF or CRLF, wherever chunks are cut; comments and
 * unknown fields are passed over; events without data are none.
 */
export class SseReader {
  private readonly decoder = new StringDecoder('utf8');
  /** What came and is no whole line yet. */
  private rest = '';
  private name = '';
  private data: string[] = [];
  private size = 0;
  private begun = false;
  /** The last line ended in CR: an LF that follows belongs to it. */
  private afterCr = false;

  /**
   * @returns the events that are whole now.
   * @throws WeirError `upstream.malformed` when one is too long.
   */
  push(chunk: Buffer): SseEvent[] {
    const events: SseEvent[] = [];
    let text = this.decoder.write(chunk);
    if (text === '') return events;
    if (!this.begun && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    this.begun = true;
    let from = this.afterCr && text.charCodeAt(0) === 10 ? 1 : 0;
    this.afterCr = false;
    let lf = text.indexOf('\n', from);
    let cr = text.indexOf('\r', from);
    while (lf >= 0 || cr >= 0) {
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      this.line(this.rest + text.slice(from, end), events);
      this.rest = '';
      from = end + 1;
      if (end === cr) {
        if (from === text.length) this.afterCr = true;
        else if (text.charCodeAt(from) === 10) from++;
      }
      if (lf >= 0 && lf < from) lf = text.indexOf('\n', from);
      if (cr >= 0 && cr < from) cr = text.indexOf('\r', from);
    }
    this.rest += text.slice(from);
    if (this.size + this.rest.length > MAX_EVENT_CHARS) {
      throw new WeirError('upstream.malformed', `One event is longer than ${MAX_EVENT_CHARS} characters`);
    }
    return events;
  }

  /** Nothing more comes. @returns the event that no blank line ended, if there is one: it may be half. */
  end(): SseEvent[] {
    const events: SseEvent[] = [];
    const rest = this.rest + this.decoder.end();
    this.rest = '';
    if (rest !== '') this.line(rest, events);
    this.line('', events);
    return events;
  }

  private line(line: string, events: SseEvent[]): void {
    if (line === '') {
      if (this.data.length > 0) events.push({ name: this.name, data: this.data.join('\n') });
      this.name = '';
      this.data = [];
      this.size = 0;
      return;
    }
    this.size += line.length;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.name = value;
  }
}

/** An event as it is written: JSON on one line. */
export function sseText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
