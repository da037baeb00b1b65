import type { DecisionRecord } from '#contract/record.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { RecordJson } from './record-json.js';

/**
 * Records on their way to the writing thread, as they will stand in the table. `json` is UTF-8 in a buffer that changes hands: text
 * put together from pieces is slow to copy between threads.
 */
export interface RecordBatch {
  readonly records: number;
  /** What the batch counts for in the backlog. */
  readonly bytes: Bytes;
  readonly firstAt: Milliseconds;
  readonly lastAt: Milliseconds;
  readonly facts: string;
  readonly shared: string;
  readonly json: ArrayBuffer;
}

const START_BYTES = 131_072;
/** A buffer that had to grow beyond this is not kept. */
const KEEP_BYTES = 4 * START_BYTES;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Gathers records into batches. */
export class BatchWriter {
  records = 0;
  bytes: Bytes = 0;
  private readonly writer = new RecordJson();
  private text = Buffer.allocUnsafeSlow(START_BYTES);
  private facts = '';
  private end = 0;
  private firstAt = Number.POSITIVE_INFINITY;
  private lastAt = Number.NEGATIVE_INFINITY;

  /**
   * Adds a record, unless its JSON is longer than `room`.
   *
   * @returns bytes added; 0 when there was no room.
   */
  add(record: DecisionRecord, room: Bytes): Bytes {
    const json = this.writer.record(record);
    if (json.length > room) return 0;
    const facts = this.writer.facts(record, json.length);
    this.reserve(json.length * 3 + 2);
    this.text[this.end] = this.records === 0 ? OPEN : COMMA;
    const bytes = this.text.write(json, this.end + 1, 'utf8') + 1;
    this.facts += this.records === 0 ? facts : `,${facts}`;
    this.end += bytes;
    this.records++;
    this.bytes += bytes;
    if (record.at < this.firstAt) this.firstAt = record.at;
    if (record.at > this.lastAt) this.lastAt = record.at;
    return bytes;
  }

  /** The batch so far; the next one begins. */
  take(): RecordBatch {
    this.text[this.end] = CLOSE;
    const { records, bytes, firstAt, lastAt } = this;
    const json = this.text.buffer.slice(0, this.end + 1) as ArrayBuffer;
    const batch = { records, bytes, firstAt, lastAt, facts: `[${this.facts}]`, shared: this.writer.takeShared(), json };
    this.records = 0;
    this.bytes = 0;
    this.facts = '';
    this.end = 0;
    this.firstAt = Number.POSITIVE_INFINITY;
    this.lastAt = Number.NEGATIVE_INFINITY;
    if (this.text.length > KEEP_BYTES) this.text = Buffer.allocUnsafeSlow(START_BYTES);
    return batch;
  }

  private reserve(more: number): void {
    const needed = this.end + more;
    if (needed <= this.text.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.text.length));
    this.text.copy(grown, 0, 0, this.end);
    this.text = grown;
  }
}
