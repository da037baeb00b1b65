import { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import { BytePile } from '#protocols/byte-pile.js';
import { endOfEvents, SEAM } from '#protocols/event-ends.js';
import { lastEvent, saysSomething } from '#protocols/last-event.js';
import { finishWord } from '#protocols/neutral/answer.js';
import type { StreamEnd, StreamRelay } from '#protocols/protocol.js';
import { usageOf } from './chat-answer.js';
import { ChoiceEnds } from './choice-ends.js';

const USAGE = Buffer.from('"usage"');
const NOTHING = Buffer.alloc(0);
const LINE_ENDS = /[\r\n]+$/;
/** What makes an event worth being parsed. */
const TELLING = /"usage"|"error"|"finish_reason"\s*:\s*"/;
const EVENT_SPLIT = /\r?\n\r?\n|\r\r/;
const AFTER_EVENT = /(?<=\r?\n\r?\n|\r\r)/;
const LINE_END = /\r\n|\n|\r/;
/** The longest blank line between two events. */
const LONGEST_END = 4;
const DONE = '[DONE]';
const DONE_TAIL = Buffer.from('data: [DONE]\n\n');
/** Engines end with a finish reason, usage and the end mark, each maybe on its own; one more for good measure. */
const TAIL_BLOCKS = 4;
/** Of a block that holds a whole stream only so many events are its end. */
const TAIL_EVENTS = 8;
/** The longest event taken: more than any engine writes, less than what would hurt. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024;

/**
 * A Chat Completions event stream on its way through. Bytes are passed on as they came; per chunk it costs two or three native
 * searches and no object, because only the events at the very end (finish reason, usage, `[DONE]`) are ever parsed.
 */
export class ChatStreamRelay implements StreamRelay {
  /** What came of an event that is not whole yet, and its last bytes. */
  private readonly carry = new BytePile();
  private seam: Buffer = NOTHING;
  private done = false;
  private usage: Usage | undefined;
  /** The last blocks of events, a ring: finish reason, usage, in-stream errors and the end mark stand in them. */
  private readonly tail: (Buffer | undefined)[] = [undefined, undefined, undefined, undefined];
  private blocks = 0;
  /** There where several answers were asked for: the end of one alone stands among the last events. */
  private readonly ends: ChoiceEnds | undefined;

  /** @param answers how many answers were asked for. */
  constructor(
    private readonly stripUsage: boolean,
    answers = 1,
  ) {
    if (answers > 1) this.ends = new ChoiceEnds(answers);
  }

  push(chunk: Buffer): Buffer | undefined {
    const { carry, seam } = this;
    const held = carry.length;
    // Only what is new is searched, from where an end could begin in what was held: a long event in small pieces costs its length.
    const found = endOfEvents(seam.length === 0 ? chunk : Buffer.concat([seam, chunk]));
    if (found === 0) {
      this.hold(chunk, seam);
      return undefined;
    }
    const cut = held - seam.length + found;
    let data = chunk;
    if (held > 0) {
      carry.push(chunk);
      data = carry.take();
    }
    this.seam = NOTHING;
    if (cut < data.length) this.hold(data.subarray(cut), NOTHING);
    let events: Buffer | undefined = cut === data.length ? data : data.subarray(0, cut);
    if (endsWithDone(events)) this.done = true;
    this.tail[this.blocks++ % TAIL_BLOCKS] = events;
    this.ends?.see(events);
    if (this.stripUsage && events.includes(USAGE)) events = this.withoutUsage(events);
    return events;
  }

  close(): Buffer | undefined {
    const rest = this.carry.take();
    const last = lastEvent(rest);
    this.seam = NOTHING;
    const events = last === undefined ? undefined : this.push(last);
    const half = last === undefined && saysSomething(rest);
    if (half || !this.endsUnmarked()) return events;
    this.done = true;
    return events === undefined ? DONE_TAIL : Buffer.concat([events, DONE_TAIL]);
  }

  /** Some engines and proxies leave the end mark out: where every answer has its finish reason, a close in good order is one too. */
  private endsUnmarked(): boolean {
    const { finish, error } = this.end();
    if (this.done || error !== undefined) return false;
    return this.ends === undefined ? finish !== undefined : this.ends.all;
  }

  private hold(bytes: Buffer, seam: Buffer): void {
    if (this.carry.length + bytes.length > MAX_EVENT_BYTES)
      throw new WeirError('upstream.malformed', `One event is longer than ${MAX_EVENT_BYTES} bytes`);
    this.carry.push(bytes);
    const last = bytes.length >= SEAM || seam.length === 0 ? bytes : Buffer.concat([seam, bytes]);
    this.seam = last.subarray(-SEAM);
  }

  end(): StreamEnd {
    let finish: string | undefined;
    let error: string | undefined;
    for (const event of this.lastEvents()) {
      const data = dataOf(event);
      if (data === undefined) continue;
      if (data === DONE) {
        this.done = true;
        continue;
      }
      const parsed = TELLING.test(data) ? parse(data) : undefined;
      if (parsed === undefined) continue;
      this.usage = usageOf(parsed.usage) ?? this.usage;
      finish = finishOf(parsed) ?? finish;
      if (parsed.error !== undefined && parsed.error !== null) error = errorText(parsed.error);
    }
    return { complete: this.done && error === undefined, usage: this.usage, finish, error };
  }

  private lastEvents(): readonly string[] {
    let events: string[] = [];
    for (let i = 1; i <= TAIL_BLOCKS && events.length < TAIL_EVENTS; i++) {
      const block = this.tail[(this.blocks - i + TAIL_BLOCKS) % TAIL_BLOCKS];
      if (block !== undefined) events = [...endOf(block, TAIL_EVENTS - events.length), ...events];
    }
    return events;
  }

  /** Takes out events that carry usage and no choices; engines that write `"usage": null` in every event lose nothing. */
  private withoutUsage(events: Buffer): Buffer | undefined {
    // What comes before the first event that speaks of usage stays as it is.
    const from = endOfEvents(events, events.indexOf(USAGE));
    // As bytes, one character each: what is kept stays as it came, be it UTF-8 or not, and counts are digits in either.
    const text = events.toString('latin1', from);
    const kept: string[] = [];
    for (const event of text.split(AFTER_EVENT)) {
      const data = event.includes('"usage"') ? dataOf(event.replace(LINE_ENDS, '')) : undefined;
      const parsed = data === undefined ? undefined : parse(data);
      const usage = usageOf(parsed?.usage);
      if (usage !== undefined) this.usage = usage;
      const bare = usage !== undefined && Array.isArray(parsed?.choices) && parsed.choices.length === 0;
      if (!bare) kept.push(event);
    }
    const out = kept.join('');
    if (out.length === text.length) return events;
    if (from === 0) return out === '' ? undefined : Buffer.from(out, 'latin1');
    return Buffer.concat([events.subarray(0, from), Buffer.from(out, 'latin1')]);
  }
}

/** The last `count` events of a block of whole ones. */
function endOf(block: Buffer, count: number): readonly string[] {
  let from = block.length;
  for (let i = 0; i < count && from > 0; i++) from = endOfEvents(block, Math.max(0, from - LONGEST_END - 1));
  return block.toString('utf8', from).split(EVENT_SPLIT);
}

function endsWithDone(events: Buffer): boolean {
  const from = events.length - DONE_TAIL.length;
  const alone = from === 0 || (events[from - 1] === 10 && (from === 1 || events[from - 2] === 10));
  return from >= 0 && alone && events.compare(DONE_TAIL, 0, DONE_TAIL.length, from) === 0;
}

/** The joined `data:` lines of one event, without comments and other fields. */
function dataOf(event: string): string | undefined {
  let data: string | undefined;
  for (const line of event.split(LINE_END)) {
    if (!line.startsWith('data:')) continue;
    const value = line.startsWith('data: ') ? line.slice(6) : line.slice(5);
    data = data === undefined ? value : `${data}\n${value}`;
  }
  return data;
}

type Json = Readonly<Record<string, unknown>>;

function parse(data: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function finishOf(event: Json): string | undefined {
  if (!Array.isArray(event.choices)) return undefined;
  const first = event.choices[0] as Json | undefined;
  return finishWord(first?.finish_reason);
}

function errorText(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  // An array of arrays may be too deep to be written as text.
  return typeof said === 'string' ? said.slice(0, 200) : 'without a message';
}
