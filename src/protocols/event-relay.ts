import { Buffer } from 'node:buffer';
import { WeirError } from '#contract/errors.js';
import { endOfEvents, SEAM } from './event-ends.js';
import { type Json, parsedObject } from './json.js';
import { lastEvent } from './last-event.js';
import type { StreamEnd, StreamRelay } from './protocol.js';
import { MAX_EVENT_CHARS, SseReader } from './sse.js';

/** What is to be learnt from the events of a stream that passes through. */
export interface EventWatch {
  /** Texts that stand in every event that matters; events without any of them are not looked into. */
  readonly marks: readonly Buffer[];
  see(event: Json, data: string): void;
  end(): StreamEnd;
}

/**
 * An event stream of typed JSON events on its way through, as whole events and byte for byte. A chunk costs a few native searches;
 * only those in which a mark is found are parsed.
 */
export class EventRelay implements StreamRelay {
  private carried: Buffer[] = [];
  private size = 0;
  /** The last bytes of what is carried: the blank line between two events may be cut. */
  private seam = NOTHING;

  constructor(private readonly watch: EventWatch) {}

  push(chunk: Buffer): Buffer | undefined {
    const overlap = this.seam.length;
    const joined = overlap === 0 ? chunk : Buffer.concat([this.seam, chunk]);
    const cut = endOfEvents(joined) - overlap;
    if (cut <= 0) {
      this.carried.push(chunk);
      this.seam = joined.subarray(Math.max(0, joined.length - SEAM));
      this.size += chunk.length;
      if (this.size > MAX_EVENT_CHARS) {
        throw new WeirError('upstream.malformed', `One event is longer than ${MAX_EVENT_CHARS} bytes`);
      }
      return undefined;
    }
    const head = cut === chunk.length ? chunk : chunk.subarray(0, cut);
    const events = this.carried.length === 0 ? head : Buffer.concat([...this.carried, head]);
    const rest = chunk.subarray(cut);
    this.carried = rest.length === 0 ? [] : [rest];
    this.seam = rest.subarray(Math.max(0, rest.length - SEAM));
    this.size = rest.length;
    if (this.watch.marks.some(mark => events.includes(mark))) this.look(events);
    return events;
  }

  close(): Buffer | undefined {
    const last = lastEvent(Buffer.concat(this.carried));
    this.carried = [];
    this.seam = NOTHING;
    this.size = 0;
    return last === undefined ? undefined : this.push(last);
  }

  end(): StreamEnd {
    return this.watch.end();
  }

  private look(events: Buffer): void {
    for (const { data } of new SseReader().push(events)) {
      const event = parsedObject(data);
      if (event !== undefined) this.watch.see(event, data);
    }
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
