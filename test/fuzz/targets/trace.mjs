/** Trace files: cut into pieces anywhere they say the same, and what is wrong is counted, not thrown. */
import { isDeepStrictEqual } from 'node:util';
import { isWeirError } from '../../../dist/contract/errors.js';
import { readTrace } from '../../../dist/workload/traces/read.js';
import { chance, number, pick, value } from '../draw.mjs';

export const name = 'trace';

export function generate(random) {
  const pieces = [];
  for (let left = random.below(6); left > 0; left--) {
    const count = () => (chance(random, 0.8) ? String(random.below(2000)) : number(random));
    const row = `{"timestamp":${count()},"input_length":${count()},"output_length":${count()},"hash_ids":[${count()},${count()}]}`;
    pieces.push(`${chance(random, 0.9) ? row : value(random)}${pick(random, ['\n', '\n', '\r\n', '\n\n', ''])}`);
  }
  return pieces;
}

export async function check(pieces) {
  const [cut, whole] = [await read(pieces), await read(pieces.join(''))];
  if (!isDeepStrictEqual(cut, whole)) throw new Error('cut in pieces, the trace is another');
  for (const { arrivalMs } of cut.requests ?? []) if (!(arrivalMs >= 0)) throw new Error('a request at no time');
}

async function read(text) {
  try {
    const { requests, refused } = await readTrace(text, { maxRequests: 1000 });
    return { requests, refused };
  } catch (error) {
    if (!isWeirError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}
