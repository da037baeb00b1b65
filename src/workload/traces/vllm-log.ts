import { jsonFormat } from './json-format.js';
import { NO_PREFIX } from './trace.js';

/**
 * Logs of vLLM runs with the times of each request, as LLMServingSim records them: one JSON object a line with `arrival_time` in
 * seconds of the Unix epoch, `input_toks`, `output_toks` (and the measured times, which `weir calibrate` reads).
 */
export const vllmLog = jsonFormat({
  name: 'vllm-log',
  form: 'JSON lines with arrival_time, input_toks, output_toks',
  row: 'one JSON object a line, with arrival_time in seconds, input_toks and output_toks',
  needed: ['input_toks', 'output_toks'],
  clock: 'epoch',
  request(row, check) {
    return {
      arrivalMs: check.time('arrival_time', row.arrival_time, 1000),
      promptTokens: check.tokens('input_toks', row.input_toks, 1),
      outputTokens: check.tokens('output_toks', row.output_toks, 0),
      prefix: NO_PREFIX,
    };
  },
});
