import { isWeirError, WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import { linesOf } from './lines.js';
import type { Trace, TraceRequest } from './trace.js';

/** Tokens in a block of Mooncake's traces. */
export const MOONCAKE_BLOCK_TOKENS: Tokens = 512;

/** A prompt of 2M tokens has 4,096 blocks, whose ids take some 60 kB. */
const LONGEST_LINE = 1_000_000;
const MOST_TOKENS = 16_777_216;
const MOST_PROBLEMS = 8;
const ROW = 'one JSON object a line, with timestamp, input_length, output_length and hash_ids';

export interface MooncakeOptions {
  /** Most rows that are kept: 5,000,000 unless said. More is an error, not a silent cut. */
  readonly maxRequests?: number;
}

/**
 * Reads a trace as Mooncake publishes them (FAST'25 traces, `conversation`, `toolagent`, `synthetic`): one JSON object a line with
 * `timestamp` in ms, `input_length`, `output_length` and `hash_ids`, one id for each block of 512 prompt tokens. Ids are chain ids:
 * the same id means the same prompt up to the end of that block.
 *
 * Rows that cannot be read are left out and counted. Rows out of order are sorted.
 *
 * @param text the whole file, or its text in pieces cut anywhere.
 * @throws WeirError `trace.unreadable`, naming line and field, when no row at all can be read or there are too many.
 */
export async function readMooncake(
  text: string | AsyncIterable<string> | Iterable<string>,
  options: MooncakeOptions = {},
): Promise<Trace> {
  const maxRequests = options.maxRequests ?? 5_000_000;
  const requests: TraceRequest[] = [];
  const problems: WeirError[] = [];
  let refused = 0;
  let inOrder = true;
  for await (const { number, text: line } of linesOf(typeof text === 'string' ? [text] : text, LONGEST_LINE)) {
    if (line?.trim() === '') continue;
    try {
      const request = readRow(line, number);
      if (requests.length >= maxRequests) {
        throw new WeirError('trace.unreadable', `The trace has more than ${maxRequests} requests.`, {
          path: `line ${number}`,
        });
      }
      inOrder &&= request.arrivalMs >= (requests.at(-1)?.arrivalMs ?? 0);
      requests.push(request);
    } catch (error) {
      if (!isWeirError(error) || requests.length >= maxRequests) throw error;
      refused++;
      if (problems.length < MOST_PROBLEMS) problems.push(error);
    }
  }
  if (requests.length === 0) {
    throw problems[0] ?? new WeirError('trace.unreadable', 'The trace is empty.', { hint: ROW });
  }
  if (!inOrder) requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  return { format: 'mooncake', requests, refused, problems };
}

function readRow(line: string | undefined, number: number): TraceRequest {
  if (line === undefined) throw unreadable(number, `is longer than ${LONGEST_LINE} characters`);
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw unreadable(number, 'is not JSON', undefined, ROW);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw unreadable(number, 'is not a JSON object', undefined, ROW);
  const fields = row as Readonly<Record<string, unknown>>;
  const arrivalMs = fields.timestamp;
  if (typeof arrivalMs !== 'number' || !(arrivalMs >= 0 && arrivalMs < 1e15)) {
    throw unreadable(number, `has ${shown(arrivalMs)}`, 'timestamp', 'ms since the beginning');
  }
  const promptTokens = count(fields, 'input_length', number, 1);
  const outputTokens = count(fields, 'output_length', number, 0);
  return {
    arrivalMs,
    promptTokens,
    outputTokens,
    prefix: { hashes: chain(fields.hash_ids, promptTokens, number), blockTokens: MOONCAKE_BLOCK_TOKENS },
  };
}

function count(fields: Readonly<Record<string, unknown>>, field: string, line: number, least: number): Tokens {
  const value = fields[field];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MOST_TOKENS) return value;
  throw unreadable(line, `has ${shown(value)}`, field, `a whole number of tokens from ${least} to ${MOST_TOKENS}`);
}

function chain(ids: unknown, promptTokens: Tokens, line: number): readonly number[] {
  const field = 'hash_ids';
  if (!Array.isArray(ids)) throw unreadable(line, `has ${shown(ids)}`, field, 'a list of block ids');
  const most = Math.ceil(promptTokens / MOONCAKE_BLOCK_TOKENS);
  if (ids.length > most) {
    throw unreadable(
      line,
      `has ${ids.length} ids for ${promptTokens} tokens`,
      field,
      `at most ${most}, one for 512 tokens`,
    );
  }
  for (const id of ids) {
    if (!Number.isSafeInteger(id) || id < 0) throw unreadable(line, `has ${shown(id)}`, field, 'whole numbers from 0');
  }
  return ids;
}

function unreadable(line: number, what: string, field?: string, right?: string): WeirError {
  const path = field === undefined ? `line ${line}` : `line ${line}, ${field}`;
  const message = field === undefined ? `Line ${line} ${what}.` : `Line ${line} ${what} as ${field}.`;
  return new WeirError('trace.unreadable', message, right === undefined ? { path } : { path, hint: right });
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
