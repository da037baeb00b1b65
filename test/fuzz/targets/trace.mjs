/** Trace files: cut into pieces anywhere they say the same, and what is wrong is counted, not thrown. */
import { isDeepStrictEqual } from 'node:util';
import { isWeirError } from '../../../dist/contract/errors.js';
import { readTrace } from '../../../dist/workload/traces/read.js';
import { chance, number, pick, value } from '../draw.mjs';

export const name = 'trace';

/** First lines, and with them formats, that a file may begin with beside those of rows alone. */
const HEADS = [
  'TIMESTAMP,ContextTokens,GeneratedTokens\n',
  'num_prefill_tokens,num_decode_tokens,arrived_at\n',
  'Timestamp,Session ID,Model,Request tokens,Response tokens\n',
  '{"weir_trace":1}\n',
  '{"input_lens":[5],"output_lens":[5]}\n',
  '{"input_toks":5,"output_toks":5,"arrival_time":5}\n',
  '{"messages":[{"role":"user","content":"a"}],"max_tokens":5,"timestamp":1}\n',
];

export function generate(random) {
  const pieces = chance(random, 0.6) ? [pick(random, HEADS)] : [];
  for (let left = random.below(6); left > 0; left--) {
    const count = () => (chance(random, 0.8) ? String(random.below(2000)) : number(random));
    const csv = `${pick(random, ['2023-11-16 18:15:46.6', '"7"', count()])},${count()},${count()}${chance(random, 0.3) ? `,${count()},${count()}` : ''}`;
    const own = `{"t_ms":${count()},"prompt_tokens":${count()},"output_tokens":${count()},"messages":${value(random)},"usage":${value(random)},"input_toks":${count()}}`;
    const row = chance(random, 0.3)
      ? csv
      : chance(random, 0.3)
        ? own
        : `{"timestamp":${count()},"input_length":${count()},"output_length":${count()},"hash_ids":[${count()},${count()}]}`;
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
