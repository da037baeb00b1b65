import { csvFields, csvValue } from './csv.js';
import type { RowReader, RowSink, TraceClock, TraceFormat } from './format.js';
import { RowCheck } from './row.js';
import type { TraceRequest } from './trace.js';

/** A row as its columns' values, by the names that the format gives them; each checks itself. */
export interface CsvRow {
  readonly check: RowCheck;
  value(column: string): string | number | undefined;
  /** A column's value as it stands in the file, even if it looks like a number. */
  text(column: string): string | undefined;
}

export interface CsvFormat {
  readonly name: string;
  readonly form: string;
  /** Columns a file must have, and those it may; letter case makes no difference. */
  readonly needed: readonly string[];
  readonly optional?: readonly string[];
  clock(has: (column: string) => boolean): TraceClock;
  /** The row as a request; counts only if the row's check found no problem. */
  request(row: CsvRow): TraceRequest;
}

/** A format whose files are comma-separated values under a line that names the columns. */
export function csvFormat(format: CsvFormat): TraceFormat {
  return {
    name: format.name,
    form: format.form,
    open(line) {
      const header = csvFields(line)?.map(name => name.trim().toLowerCase());
      if (header === undefined) return undefined;
      const columns = new Map<string, number>();
      for (const name of [...format.needed, ...(format.optional ?? [])]) {
        const at = header.indexOf(name.toLowerCase());
        if (at >= 0) columns.set(name, at);
      }
      if (!format.needed.every(name => columns.has(name))) return undefined;
      return new CsvReader(format, columns, header.length);
    },
  };
}

class CsvReader implements RowReader {
  readonly header = true;
  readonly clock: TraceClock;
  private readonly check = new RowCheck();
  private fields: readonly string[] = [];
  private readonly row: CsvRow;

  constructor(
    private readonly format: CsvFormat,
    columns: ReadonlyMap<string, number>,
    private readonly width: number,
  ) {
    this.clock = format.clock(column => columns.has(column));
    const at = (column: string) => columns.get(column) ?? -1;
    this.row = {
      check: this.check,
      value: column => csvValue(this.fields, at(column)),
      text: column => this.fields[at(column)]?.trim(),
    };
  }

  read(line: string, rows: RowSink): void {
    const { check, format, width } = this;
    const fields = csvFields(line);
    if (fields === undefined) {
      rows.refuse({ reason: 'quotes do not close', what: 'has quotes that do not close' });
      return;
    }
    if (fields.length !== width) {
      rows.refuse({
        reason: 'another number of fields than columns',
        what: `has ${fields.length} fields for ${width} columns`,
      });
      return;
    }
    this.fields = fields;
    check.begin();
    const request = format.request(this.row);
    if (check.problem === undefined) rows.accept(request);
    else rows.refuse(check.problem);
  }
}
