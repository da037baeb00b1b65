import type { Milliseconds } from '#contract/units.js';
import type { TraceRequest } from './trace.js';

/** What is wrong with a row. */
export interface RowProblem {
  /** The same for all rows with this problem: what they are counted under. */
  readonly reason: string;
  /** What is wrong with this one: the end of a sentence that begins with its line. */
  readonly what: string;
  readonly field?: string;
  /** What would be right. */
  readonly hint?: string;
}

/** Where a reader puts the rows of a line. */
export interface RowSink {
  /** @param estimated whether its token counts were estimated from its text. */
  accept(request: TraceRequest, estimated?: boolean): void;
  refuse(problem: RowProblem): void;
}

/**
 * What the arrivals of a file's rows are: ms since its beginning, ms since the Unix epoch, ms of a clock that began at no
 * known time, or nothing at all.
 */
export type TraceClock = 'trace' | 'epoch' | 'unknown' | 'none';

/** Reads the lines of one file. */
export interface RowReader {
  readonly clock: TraceClock;
  /** Wall time of arrival 0, where the file says it apart from its rows. */
  readonly startedAt?: Milliseconds;
  /** Whether the line it was opened with names columns and holds no row. */
  readonly header: boolean;
  /** Tells `rows` of every row in a line, each accepted or refused. Never throws for what stands in the line. */
  read(line: string, rows: RowSink): void;
}

/** A form in which traces are published. Formats are told apart by what stands in a file, never by its name. */
export interface TraceFormat {
  readonly name: string;
  /** What its files look like, in a few words. */
  readonly form: string;
  /**
   * A reader, if a file of this format may begin with this line.
   *
   * @param json the line as JSON, when it is a JSON object.
   */
  open(line: string, json: Readonly<Record<string, unknown>> | undefined): RowReader | undefined;
}
