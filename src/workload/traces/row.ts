import type { Milliseconds, Tokens } from '#contract/units.js';
import type { RowProblem } from './format.js';
import { parseTimestamp } from './timestamp.js';

/** No model has a longer context; a larger count is a broken row. */
export const MOST_TOKENS = 16_777_216;
const LATEST_MS = 1e15;
const MOST_NAME = 256;

/** Checks the fields of one row after the other, and keeps the first problem of each. */
export class RowCheck {
  problem: RowProblem | undefined;

  begin(): void {
    this.problem = undefined;
  }

  fail(problem: RowProblem): void {
    this.problem ??= problem;
  }

  /** The value as a count of tokens of at least `least`; else notes the problem. */
  tokens(field: string, value: unknown, least: number): Tokens {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MOST_TOKENS) return value;
    this.wrong(field, value, `a whole number of tokens from ${least} to ${MOST_TOKENS}`);
    return 0;
  }

  /** The value as a time, given in units of so many ms. */
  time(field: string, value: unknown, unitMs: number): Milliseconds {
    if (typeof value === 'number' && value >= 0 && value * unitMs < LATEST_MS) return value * unitMs;
    this.wrong(field, value, unitMs === 1 ? 'ms since the beginning' : 'seconds since the beginning');
    return 0;
  }

  /** The value as a date and time of day, in ms since the Unix epoch. */
  date(field: string, value: unknown): Milliseconds {
    const ms = typeof value === 'string' ? parseTimestamp(value) : undefined;
    if (ms !== undefined) return ms;
    this.wrong(field, value, 'a date and time such as 2023-11-16 18:15:46.68');
    return 0;
  }

  /** Block ids, at most one for each `blockTokens` tokens of the prompt. */
  chain(field: string, ids: unknown, promptTokens: Tokens, blockTokens: Tokens): readonly number[] {
    if (!Array.isArray(ids)) {
      this.wrong(field, ids, 'a list of block ids');
      return [];
    }
    const most = Math.ceil(promptTokens / blockTokens);
    if (ids.length > most) {
      this.fail({
        reason: `${field}: more ids than blocks`,
        what: `has ${ids.length} ids for ${promptTokens} tokens as ${field}`,
        field,
        hint: `at most ${most}, one for ${blockTokens} tokens`,
      });
      return [];
    }
    for (const id of ids) {
      if (Number.isSafeInteger(id) && id >= 0) continue;
      this.wrong(field, id, 'whole numbers from 0');
      return [];
    }
    return ids;
  }

  private wrong(field: string, value: unknown, hint: string): void {
    const reason = value === undefined ? `${field}: missing` : `${field}: not ${hint}`;
    this.fail({ reason, what: `has ${shown(value)} as ${field}`, field, hint });
  }
}

/** A name of a session or model; `undefined` for what is none. A longer one is cut. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length > MOST_NAME ? value.slice(0, MOST_NAME) : value;
}

export type JsonRow = Readonly<Record<string, unknown>>;

/** A line as a JSON object; `undefined` when it is none. */
export function jsonObject(line: string): JsonRow | undefined {
  try {
    const row: unknown = JSON.parse(line);
    return isObject(row) ? row : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a line that should have been a JSON object. */
export function notJson(line: string, hint: string): RowProblem {
  let what = 'is not JSON';
  try {
    JSON.parse(line);
    what = 'is not a JSON object';
  } catch {
    // Said already.
  }
  return { reason: what.replace('is ', ''), what, hint };
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
