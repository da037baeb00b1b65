import { csvFormat } from './csv-format.js';
import { nameOf } from './row.js';
import { NO_PREFIX } from './trace.js';

/**
 * BurstGPT's traces: `Timestamp` in seconds since their beginning, `Model`, `Request tokens`, `Response tokens`, and in newer files
 * `Session ID`. Requests that failed have an answer of 0 tokens there: they say nothing of the answers' lengths and are refused.
 */
export const burstgpt = csvFormat({
  name: 'burstgpt',
  form: 'CSV with Timestamp, Request tokens, Response tokens',
  needed: ['Timestamp', 'Request tokens', 'Response tokens'],
  optional: ['Session ID', 'SessionID', 'Model'],
  clock: () => 'trace',
  request: row => {
    const { check } = row;
    const session = nameOf(row.text('Session ID') ?? row.text('SessionID'));
    const model = nameOf(row.text('Model'));
    const outputTokens = check.tokens('Response tokens', row.value('Response tokens'), 0);
    const request = {
      arrivalMs: check.time('Timestamp', row.value('Timestamp'), 1000),
      promptTokens: check.tokens('Request tokens', row.value('Request tokens'), 1),
      outputTokens,
      prefix: NO_PREFIX,
      ...(session === undefined ? {} : { session }),
      ...(model === undefined ? {} : { model }),
    };
    if (outputTokens === 0) {
      check.fail({ reason: 'failed request (no answer)', what: 'is a request that failed', field: 'Response tokens' });
    }
    return request;
  },
});
