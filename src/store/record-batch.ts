import type { DecisionRecord } from '#contract/record.js';
import type { Bytes } from '#contract/units.js';
import { recordJson } from './record-json.js';
import { COLUMNS } from './record-table.js';

/**
 * Records on their way to the writing thread. `rows` holds, one record after the other, the values of all columns but the JSON,
 * and where in `text` its JSON ends. Written to bytes that change hands, making and sending the JSON costs half of what it
 * costs as strings: text that was put together from pieces is slow to copy between threads.
 */
export interface RecordBatch {
  readonly rows: readonly (string | number)[];
  readonly text: ArrayBuffer;
}

const START_BYTES = 262_144;
/** A buffer that had to grow beyond this is not kept. */
const KEEP_BYTES = 4 * START_BYTES;

/** Gathers records into batches. */
export class BatchWriter {
  private text = Buffer.allocUnsafeSlow(START_BYTES);
  private rows: (string | number)[] = [];
  private end = 0;

  get records(): number {
    return this.rows.length / COLUMNS.length;
  }

  /**
   * Adds a record, unless its JSON is longer than `room`.
   *
   * @returns bytes added; 0 when there was no room.
   */
  add(record: DecisionRecord, room: Bytes): Bytes {
    const json = recordJson(record);
    if (json.length > room) return 0;
    const { id, at, profile, decision, outcome } = record;
    this.reserve(json.length * 3);
    const bytes = this.text.write(json, this.end, 'utf8');
    this.end += bytes;
    this.rows.push(id, at, profile.session, decision, outcome.model, outcome.status, this.end);
    return bytes;
  }

  /** The batch so far; the next one begins. */
  take(): RecordBatch {
    const text = this.text.buffer.slice(0, this.end) as ArrayBuffer;
    const batch = { rows: this.rows, text };
    this.rows = [];
    this.end = 0;
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

/** Calls `take` with the values of every record of a batch, in the order of {@link COLUMNS}. */
export function eachRow(batch: RecordBatch, take: (...values: (string | number)[]) => void): void {
  const { rows } = batch;
  const text = Buffer.from(batch.text);
  const last = COLUMNS.length - 1;
  let from = 0;
  for (let at = 0; at < rows.length; at += COLUMNS.length) {
    const end = rows[at + last] as number;
    const json = text.toString('utf8', from, end);
    from = end;
    take(rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!, rows[at + 4]!, rows[at + 5]!, json);
  }
}
