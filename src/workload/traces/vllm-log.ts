import type { RowReader, TraceFormat } from './format.js';
import { jsonObject, notJson, RowCheck } from './row.js';
import { NO_PREFIX } from './trace.js';

const ROW = 'one JSON object a line, with arrival_time in seconds, input_toks and output_toks';

/**
 * Logs of vLLM runs with the times of each request, as LLMServingSim records them: one JSON object a line with `arrival_time` in
 * seconds of the Unix epoch, `input_toks`, `output_toks` (and the measured times, which `weir calibrate` reads).
 */
export const vllmLog: TraceFormat = {
  name: 'vllm-log',
  form: 'JSON lines with arrival_time, input_toks, output_toks',
  open: (_, json) => (json !== undefined && 'input_toks' in json && 'output_toks' in json ? reader() : undefined),
};

function reader(): RowReader {
  const check = new RowCheck();
  return {
    clock: 'epoch',
    header: false,
    read(line, rows) {
      const row = jsonObject(line);
      if (row === undefined) {
        rows.refuse(notJson(line, ROW));
        return;
      }
      check.begin();
      const arrivalMs = check.time('arrival_time', row.arrival_time, 1000);
      const promptTokens = check.tokens('input_toks', row.input_toks, 1);
      const outputTokens = check.tokens('output_toks', row.output_toks, 0);
      if (check.problem !== undefined) rows.refuse(check.problem);
      else rows.accept({ arrivalMs, promptTokens, outputTokens, prefix: NO_PREFIX });
    },
  };
}
