import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WeirError } from '#contract/errors.js';
import type { Trace } from '#workload/traces/trace.js';
import { weirHeader, weirRow } from '#workload/traces/weir.js';

/**
 * Writes a trace in Weir's own form to a file, or to standard output when none is named.
 *
 * @throws WeirError `usage.invalid` when it cannot be written.
 */
export async function writeTrace(trace: Trace, file: string | undefined): Promise<void> {
  try {
    if (file !== undefined) await pipeline(Readable.from(linesOf(trace)), createWriteStream(file));
    else {
      for (const lines of linesOf(trace)) if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
    }
  } catch (cause) {
    throw new WeirError('usage.invalid', `Cannot write ${file ?? 'standard output'}`, { cause });
  }
  process.stderr.write(`${file ?? 'standard output'}: ${trace.requests.length} requests\n`);
}

/** Lines, some thousands at a time. */
function* linesOf(trace: Trace): Generator<string> {
  let text = `${weirHeader(trace)}\n`;
  for (const request of trace.requests) {
    text += `${weirRow(request)}\n`;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
