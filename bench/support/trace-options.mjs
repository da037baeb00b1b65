// What benches over a trace share: options of the form `--name VALUE`, and the requests of the file behind `--trace`.
import { readTraceFile } from '../../dist/cli/trace-file.js';

/** What stands behind `--name`; else `otherwise`. */
export function argument(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

/** The first `most` requests of the trace that must be named. */
export async function tracedRequests(most = Number.POSITIVE_INFINITY) {
  const file = argument('trace');
  if (file === undefined) {
    console.error('--trace FILE');
    process.exit(2);
  }
  return (await readTraceFile(file)).requests.slice(0, most);
}

/** Seconds from the first to the last arrival. */
export const spanOf = requests => (requests.at(-1).arrivalMs - requests[0].arrivalMs) / 1000;
