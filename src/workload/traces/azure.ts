import { csvFormat } from './csv-format.js';
import { NO_PREFIX } from './trace.js';

/** Azure's public LLM traces of 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`, the first a date and time of day. */
export const azure = csvFormat({
  name: 'azure',
  form: 'CSV with TIMESTAMP, ContextTokens, GeneratedTokens',
  needed: ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'],
  clock: () => 'epoch',
  request: row => ({
    arrivalMs: row.check.date('TIMESTAMP', row.text('TIMESTAMP')),
    promptTokens: row.check.tokens('ContextTokens', row.value('ContextTokens'), 1),
    outputTokens: row.check.tokens('GeneratedTokens', row.value('GeneratedTokens'), 0),
    prefix: NO_PREFIX,
  }),
});
