import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { WeirError } from '#contract/errors.js';
import type { Trace } from '#workload/traces/trace.js';

/**
 * Reads a trace of any known format from a file; `-` is standard input. How far it has come, and the rows that are left out, are
 * told on standard error.
 *
 * @throws WeirError `trace.unreadable`.
 */
export async function readTraceFile(file: string): Promise<Trace> {
  const { readTrace } = await import('#workload/traces/read.js');
  const size = file === '-' ? undefined : (await stat(file).catch(() => undefined))?.size;
  const trace = await readTrace(textOf(file), {
    progress: ({ rows, chars }) => {
      if (!process.stderr.isTTY) return;
      const share = size === undefined || size === 0 ? '' : ` (${Math.min(100, Math.round((100 * chars) / size))} %)`;
      process.stderr.write(`\r${file}: ${rows} rows${share}`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  if (trace.refused > 0) {
    process.stderr.write(`${file}: rows left out: ${trace.refused}; the first: ${trace.problems[0]?.message}\n`);
    for (const { reason, rows, line } of trace.refusals) {
      process.stderr.write(`  ${rows} × ${reason} (first in line ${line})\n`);
    }
  }
  return trace;
}

/** The text of a file as it is read, with what keeps it from being read told as an error of the catalogue. */
async function* textOf(file: string): AsyncGenerator<string> {
  try {
    const stream = file === '-' ? process.stdin.setEncoding('utf8') : createReadStream(file, { encoding: 'utf8' });
    for await (const piece of stream) yield String(piece);
  } catch (cause) {
    throw new WeirError('trace.unreadable', cause instanceof Error ? cause.message : String(cause), {
      path: file,
      cause,
    });
  }
}
