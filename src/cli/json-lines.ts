import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { WeirError } from '#contract/errors.js';

/** The longest line taken: a request body at the gateway's own default limit. */
const MAX_LINE_CHARS = 32 * 1024 * 1024;

/** One JSON object of a file, and where it stands. */
export interface JsonLine {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
  /** `file:line`. */
  readonly place: string;
}

/** The objects in a file of JSON lines; `-` is standard input. @throws WeirError `usage.invalid` with the line that is none. */
export async function* readJsonLines(file: string): AsyncGenerator<JsonLine> {
  const input = file === '-' ? process.stdin : await opened(file);
  const lines =
    'readLines' in input ? input.readLines() : createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === '') continue;
    const place = `${file}:${line}`;
    yield { value: objectIn(text, place), line, place };
  }
}

/** A member of a line that must be a text. @throws WeirError `usage.invalid`. */
export function textMember({ value, place }: JsonLine, name: string): string {
  const member = value[name];
  if (typeof member === 'string') return member;
  throw new WeirError('usage.invalid', `${place}: ${name} must be a string`, { hint: `{"${name}": "…"}` });
}

/** Writes a line to standard output, waiting where that is full. */
export async function writeLine(value: unknown): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain');
}

function objectIn(text: string, place: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_LINE_CHARS) throw new WeirError('usage.invalid', `${place}: the line is too long`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new WeirError('usage.invalid', `${place}: the line is not JSON`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new WeirError('usage.invalid', `${place}: the line is not a JSON object`);
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('usage.invalid', `Cannot open ${file}: ${why}`, { cause });
  }
}
