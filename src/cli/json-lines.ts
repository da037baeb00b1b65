import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { WeirError } from '#contract/errors.js';

/** The longest line taken: a request body at the gateway's own default limit. */
export const MAX_LINE_CHARS = 32 * 1024 * 1024;

/** One JSON object of a file, and where it stands. */
export interface JsonLine {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
  /** `file:line`. */
  readonly place: string;
}

/** A file that is open to be read. */
export interface OpenLines {
  /** Begins to read; once only. Lines come from then on, so this is not called before they are wanted. */
  lines(): AsyncIterable<string>;
  /** To be called however reading ends. */
  close(): Promise<void>;
}

/** Opens a file to read its lines; `-` is standard input. @throws WeirError `usage.invalid` when it cannot be opened. */
export async function openLines(file: string): Promise<OpenLines> {
  const linesOf = (input: Readable) => createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  if (file === '-') return { lines: () => linesOf(process.stdin), close: async () => {} };
  const handle = await opened(file, 'r');
  let stream: Readable | undefined;
  return {
    lines: () => {
      stream = handle.createReadStream();
      return linesOf(stream);
    },
    close: async () => {
      // A stream takes the file over and closes it, at its end or here; the handle no longer tells when that is done.
      if (stream === undefined) return handle.close();
      stream.destroy();
      if (!stream.closed) await once(stream, 'close');
    },
  };
}

/** Opens a file. @throws WeirError `usage.invalid` when it cannot be, or is a folder. */
export async function opened(file: string, flags: 'r' | 'w'): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(file, flags);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('usage.invalid', `Cannot open ${file}: ${why}`, { cause });
  }
  // A folder can be opened to be read; only its first read fails.
  if (!(await handle.stat()).isDirectory()) return handle;
  await handle.close();
  throw new WeirError('usage.invalid', `Cannot open ${file}: it is a folder`);
}

/** The objects in a file of JSON lines; `-` is standard input. @throws WeirError `usage.invalid` with the line that is none. */
export async function* readJsonLines(file: string): AsyncGenerator<JsonLine> {
  const input = await openLines(file);
  try {
    let line = 0;
    for await (const text of input.lines()) {
      line++;
      if (text.trim() === '') continue;
      const place = `${file}:${line}`;
      // Editors on Windows put a byte-order mark before the first line.
      yield { value: objectIn(line === 1 ? text.replace(/^\ufeff/, '') : text, place), line, place };
    }
  } finally {
    await input.close();
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
    throw new WeirError('usage.invalid', `${place}: the line is not JSON`, {
      hint: 'JSON lines: an object on each line, as {"text": "…"}',
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new WeirError('usage.invalid', `${place}: the line is not a JSON object`);
}
