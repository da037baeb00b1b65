import { csvFormat } from './csv-format.js';
import { NO_PREFIX } from './trace.js';

/**
 * Vidur's traces: `num_prefill_tokens`, `num_decode_tokens` and, in some, `arrived_at` in seconds. Files of lengths alone have no
 * times, and none are made up for them.
 */
export const vidur = csvFormat({
  name: 'vidur',
  form: 'CSV with num_prefill_tokens, num_decode_tokens and perhaps arrived_at',
  needed: ['num_prefill_tokens', 'num_decode_tokens'],
  optional: ['arrived_at'],
  clock: has => (has('arrived_at') ? 'trace' : 'none'),
  request: row => ({
    arrivalMs: row.text('arrived_at') === undefined ? 0 : row.check.time('arrived_at', row.value('arrived_at'), 1000),
    promptTokens: row.check.tokens('num_prefill_tokens', row.value('num_prefill_tokens'), 1),
    outputTokens: row.check.tokens('num_decode_tokens', row.value('num_decode_tokens'), 0),
    prefix: NO_PREFIX,
  }),
});
