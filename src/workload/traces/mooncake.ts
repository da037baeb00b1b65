import type { Tokens } from '#contract/units.js';
import { jsonFormat } from './json-format.js';

/** Tokens in a block of Mooncake's traces. */
export const MOONCAKE_BLOCK_TOKENS: Tokens = 512;

/**
 * Traces as Mooncake publishes them (FAST'25 traces, `conversation`, `toolagent`, `synthetic`): one JSON object a line with
 * `timestamp` in ms, `input_length`, `output_length` and `hash_ids`, one id for each block of 512 prompt tokens. Ids are chain ids:
 * the same id means the same prompt up to the end of that block.
 */
export const mooncake = jsonFormat({
  name: 'mooncake',
  form: 'JSON lines with timestamp, input_length, output_length, hash_ids',
  row: 'one JSON object a line, with timestamp, input_length, output_length and hash_ids',
  needed: ['input_length', 'output_length'],
  clock: 'trace',
  request(row, check) {
    const arrivalMs = check.time('timestamp', row.timestamp, 1);
    const promptTokens = check.tokens('input_length', row.input_length, 1);
    const outputTokens = check.tokens('output_length', row.output_length, 0);
    const blockTokens = MOONCAKE_BLOCK_TOKENS;
    const hashes = check.problem ? [] : check.chain('hash_ids', row.hash_ids, promptTokens, blockTokens);
    return { arrivalMs, promptTokens, outputTokens, prefix: { hashes, blockTokens } };
  },
});
