import type { Tokens } from '#contract/units.js';
import type { RowReader, TraceFormat } from './format.js';
import { jsonObject, notJson, RowCheck } from './row.js';

/** Tokens in a block of Mooncake's traces. */
export const MOONCAKE_BLOCK_TOKENS: Tokens = 512;
const ROW = 'one JSON object a line, with timestamp, input_length, output_length and hash_ids';

/**
 * Traces as Mooncake publishes them (FAST'25 traces, `conversation`, `toolagent`, `synthetic`): one JSON object a line with
 * `timestamp` in ms, `input_length`, `output_length` and `hash_ids`, one id for each block of 512 prompt tokens. Ids are chain ids:
 * the same id means the same prompt up to the end of that block.
 */
export const mooncake: TraceFormat = {
  name: 'mooncake',
  form: 'JSON lines with timestamp, input_length, output_length, hash_ids',
  open: (_, json) => (json !== undefined && 'input_length' in json && 'output_length' in json ? reader() : undefined),
};

function reader(): RowReader {
  const check = new RowCheck();
  return {
    clock: 'trace',
    header: false,
    read(line, rows) {
      const row = jsonObject(line);
      if (row === undefined) {
        rows.refuse(notJson(line, ROW));
        return;
      }
      check.begin();
      const arrivalMs = check.time('timestamp', row.timestamp, 1);
      const promptTokens = check.tokens('input_length', row.input_length, 1);
      const outputTokens = check.tokens('output_length', row.output_length, 0);
      const blockTokens = MOONCAKE_BLOCK_TOKENS;
      const hashes = check.problem ? [] : check.chain('hash_ids', row.hash_ids, promptTokens, blockTokens);
      if (check.problem !== undefined) rows.refuse(check.problem);
      else rows.accept({ arrivalMs, promptTokens, outputTokens, prefix: { hashes, blockTokens } });
    },
  };
}
