import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import type { RowProblem, RowReader, RowSink, TraceFormat } from './format.js';
import { TRACE_FORMATS } from './formats.js';
import { linesOf } from './lines.js';
import { jsonObject } from './row.js';
import type { Refusal, Trace, TraceRequest } from './trace.js';

export interface ReadOptions {
  /** Most rows that are kept: 10,000,000 unless said. More is an error, not a silent cut. */
  readonly maxRequests?: number;
  /** Told, every so often, how far reading has come. */
  readonly progress?: (state: { readonly rows: number; readonly refused: number; readonly chars: number }) => void;
}

/** A prompt of 2M tokens has 4,096 blocks, whose ids take some 60 kB; requests with their text and results of benchmarks take more. */
const LONGEST_LINE = 33_554_432;
/** A file that says in so many lines what it is in none that is known, is none. */
const MOST_UNKNOWN_LINES = 64;
const MOST_PROBLEMS = 8;
/** Reasons counted apart; what comes on top is counted as one. */
const MOST_REASONS = 64;
const PROGRESS_EVERY = 65_536;
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Reads a trace of any known format ({@link TRACE_FORMATS}), which is found by what stands in it: the first line that opens a format
 * decides. Rows that cannot be read are left out and counted by reason. Rows out of order are sorted; times since
 * the epoch become times since the first request.
 *
 * @param text the whole file, or its text in pieces cut anywhere.
 * @throws WeirError `trace.unreadable`, naming line and field, when no row at all can be read or there are too many.
 */
export async function readTrace(
  text: string | AsyncIterable<string> | Iterable<string>,
  options: ReadOptions = {},
): Promise<Trace> {
  const rows = new Rows(options.maxRequests ?? 10_000_000);
  let format: TraceFormat | undefined;
  let reader: RowReader | undefined;
  let chars = 0;
  let lines = 0;
  for await (const { number, text: said } of linesOf(typeof text === 'string' ? [text] : text, LONGEST_LINE)) {
    const line = number === 1 ? said?.replace(BYTE_ORDER_MARK, '') : said;
    chars += line?.length ?? LONGEST_LINE;
    if (++lines % PROGRESS_EVERY === 0) {
      options.progress?.({ rows: rows.requests.length, refused: rows.refused, chars });
    }
    rows.line = number;
    if (line === undefined) {
      rows.refuse({ reason: 'line too long', what: `is longer than ${LONGEST_LINE} characters` });
      continue;
    }
    if (line.trim() === '') continue;
    if (reader === undefined) {
      const json = jsonObject(line);
      for (const each of TRACE_FORMATS) {
        reader = each.open(line, json);
        if (reader === undefined) continue;
        format = each;
        break;
      }
      if (reader === undefined) {
        rows.refuse({ reason: 'no known format', what: 'is in no known format', hint: knownForms() });
        if (rows.refused >= MOST_UNKNOWN_LINES) break;
        continue;
      }
      if (reader.header) continue;
    }
    readRow(reader, line, rows);
  }
  options.progress?.({ rows: rows.requests.length, refused: rows.refused, chars });
  if (rows.requests.length === 0) {
    throw rows.problems[0] ?? new WeirError('trace.unreadable', 'The trace is empty.', { hint: knownForms() });
  }
  return traceOf(format!.name, reader!, rows);
}

/** What is nested ten thousand deep is JSON, and cannot be written again to be hashed. */
function readRow(reader: RowReader, line: string, rows: Rows): void {
  try {
    reader.read(line, rows);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    rows.refuse({ reason: 'nested too deeply', what: 'is nested too deeply' });
  }
}

function traceOf(format: string, { clock, startedAt }: RowReader, rows: Rows): Trace {
  const requests: TraceRequest[] = rows.requests;
  if (!rows.inOrder) requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const first: Milliseconds = requests[0]!.arrivalMs;
  if (clock === 'epoch' || clock === 'unknown') {
    for (let i = 0; i < requests.length; i++) {
      requests[i] = { ...requests[i]!, arrivalMs: requests[i]!.arrivalMs - first };
    }
  }
  const began = clock === 'epoch' ? first : startedAt;
  return {
    format,
    requests,
    timed: clock !== 'none',
    ...(began === undefined ? {} : { startedAt: began }),
    estimated: rows.estimated,
    refused: rows.refused,
    refusals: rows.refusals(),
    problems: rows.problems,
  };
}

/** Rows as they come: kept, or counted with why they are not. */
class Rows implements RowSink {
  readonly requests: TraceRequest[] = [];
  readonly problems: WeirError[] = [];
  line = 0;
  estimated = 0;
  refused = 0;
  inOrder = true;
  private last = Number.NEGATIVE_INFINITY;
  private readonly reasons = new Map<string, { rows: number; readonly line: number }>();

  constructor(private readonly most: number) {}

  accept(request: TraceRequest, estimated = false): void {
    if (this.requests.length >= this.most) {
      throw new WeirError('trace.unreadable', `The trace has more than ${this.most} requests.`, {
        path: `line ${this.line}`,
      });
    }
    if (request.arrivalMs < this.last) this.inOrder = false;
    this.last = request.arrivalMs;
    if (estimated) this.estimated++;
    this.requests.push(request);
  }

  refuse(problem: RowProblem): void {
    this.refused++;
    const { reason } = problem;
    const known = this.reasons.has(reason) || this.reasons.size < MOST_REASONS;
    const key = known ? reason : 'other reasons';
    const seen = this.reasons.get(key);
    if (seen === undefined) this.reasons.set(key, { rows: 1, line: this.line });
    else seen.rows++;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(errorOf(problem, this.line));
  }

  refusals(): readonly Refusal[] {
    return [...this.reasons]
      .map(([reason, { rows, line }]) => ({ reason, rows, line }))
      .sort((a, b) => b.rows - a.rows || a.line - b.line);
  }
}

function errorOf({ what, field, hint }: RowProblem, line: number): WeirError {
  const path = field === undefined ? `line ${line}` : `line ${line}, ${field}`;
  return new WeirError(
    'trace.unreadable',
    `Line ${line} ${what}${what.endsWith('.') ? '' : '.'}`,
    hint === undefined ? { path } : { path, hint },
  );
}

function knownForms(): string {
  return TRACE_FORMATS.map(({ name, form }) => `${name}: ${form}`).join('; ');
}
