import type { RowReader, RowSink, TraceClock, TraceFormat } from './format.js';
import { type JsonRow, jsonObject, notJson, RowCheck } from './row.js';
import type { TraceRequest } from './trace.js';

export interface JsonFormat {
  readonly name: string;
  readonly form: string;
  /** What a line ought to be: the hint where one is no JSON object. */
  readonly row: string;
  /** Fields that the first line must have. */
  readonly needed: readonly string[];
  readonly clock: TraceClock;
  /** The row as a request; counts only if `check` found no problem. */
  request(row: JsonRow, check: RowCheck): TraceRequest;
}

/** A format whose files are one JSON object a line, all alike and without a header. */
export function jsonFormat(format: JsonFormat): TraceFormat {
  return {
    name: format.name,
    form: format.form,
    open: (_, json) =>
      json !== undefined && format.needed.every(field => field in json) ? new JsonReader(format) : undefined,
  };
}

class JsonReader implements RowReader {
  readonly header = false;
  readonly clock: TraceClock;
  private readonly check = new RowCheck();

  constructor(private readonly format: JsonFormat) {
    this.clock = format.clock;
  }

  read(line: string, rows: RowSink): void {
    const { check, format } = this;
    const row = jsonObject(line);
    if (row === undefined) {
      rows.refuse(notJson(line, format.row));
      return;
    }
    check.begin();
    const request = format.request(row, check);
    if (check.problem === undefined) rows.accept(request);
    else rows.refuse(check.problem);
  }
}
