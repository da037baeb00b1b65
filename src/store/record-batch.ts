import type { DecisionRecord } from '#contract/record.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { JsonBytes } from './json-bytes.js';
import { RecordJson } from './record-json.js';

/** Records on their way to the writing thread, as they will stand in the table: UTF-8 in buffers that change hands. */
export interface RecordBatch {
  readonly records: number;
  /** What the batch counts for in the backlog. */
  readonly bytes: Bytes;
  readonly firstAt: Milliseconds;
  readonly lastAt: Milliseconds;
  readonly facts: ArrayBuffer;
  readonly shared: ArrayBuffer;
  readonly json: ArrayBuffer;
}

const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Gathers records into batches. */
export class BatchWriter {
  records = 0;
  bytes: Bytes = 0;
  private readonly writer = new RecordJson();
  private firstAt = Number.POSITIVE_INFINITY;
  private lastAt = Number.NEGATIVE_INFINITY;

  /**
   * Adds a record, unless its JSON is longer than `room`. A record that is none leaves nothing behind.
   *
   * @returns bytes added; 0 when there was no room.
   */
  add(record: DecisionRecord, room: Bytes): Bytes {
    if (!Number.isFinite(record.at)) throw new TypeError('a record without a time of arrival');
    const { json, facts } = this.writer;
    const { end, wide } = json;
    const { end: factsEnd, wide: factsWide } = facts;
    const mark = this.writer.mark();
    let added = false;
    try {
      if (this.records > 0) {
        json.comma();
        facts.comma();
      }
      const from = json.end;
      this.writer.record(record);
      const bytes = json.end - end;
      if (bytes > room) return 0;
      this.writer.fact(record, json.end - from - (json.wide - wide));
      added = true;
      this.records++;
      this.bytes += bytes;
      if (record.at < this.firstAt) this.firstAt = record.at;
      if (record.at > this.lastAt) this.lastAt = record.at;
      return bytes;
    } finally {
      if (!added) {
        json.cut(end, wide);
        facts.cut(factsEnd, factsWide);
        this.writer.back(mark);
      }
    }
  }

  /** The batch so far; the next one begins. */
  take(): RecordBatch {
    const { records, bytes, firstAt, lastAt, writer } = this;
    const batch = {
      records,
      bytes,
      firstAt,
      lastAt,
      facts: arrayOf(writer.facts),
      shared: arrayOf(writer.shared),
      json: arrayOf(writer.json),
    };
    writer.clear();
    this.records = 0;
    this.bytes = 0;
    this.firstAt = Number.POSITIVE_INFINITY;
    this.lastAt = Number.NEGATIVE_INFINITY;
    return batch;
  }
}

function arrayOf({ bytes, end }: JsonBytes): ArrayBuffer {
  const array = new Uint8Array(end + 2);
  array[0] = OPEN;
  array.set(bytes.subarray(0, end), 1);
  array[end + 1] = CLOSE;
  return array.buffer;
}
