import type { RowReader, RowSink, TraceFormat } from './format.js';
import { type JsonRow, jsonObject, notJson, RowCheck } from './row.js';
import { NO_PREFIX } from './trace.js';

const ROW =
  'a result of `vllm bench serve --save-result --save-detailed`: input_lens and output_lens, one number a request';

/**
 * Results of `vllm bench serve --save-result --save-detailed`: one JSON object a line (several with `--append-result`), in which
 * `input_lens` and `output_lens` have a number for each request, and `start_times`, in newer versions, its start in seconds.
 * Requests that failed have an answer of 0 tokens and are refused.
 */
export const vllmBench: TraceFormat = {
  name: 'vllm-bench',
  form: 'JSON with input_lens, output_lens and perhaps start_times',
  open: (_, json) => {
    if (json === undefined || !Array.isArray(json.input_lens) || !Array.isArray(json.output_lens)) return undefined;
    return reader(Array.isArray(json.start_times));
  },
};

function reader(timed: boolean): RowReader {
  const check = new RowCheck();
  return {
    clock: timed ? 'unknown' : 'none',
    header: false,
    read(line, rows) {
      const run = jsonObject(line);
      if (run === undefined) rows.refuse(notJson(line, ROW));
      else readRun(run, timed, check, rows);
    },
  };
}

function readRun(run: JsonRow, timed: boolean, check: RowCheck, rows: RowSink): void {
  const { input_lens: prompts, output_lens: outputs, start_times: starts } = run;
  if (!Array.isArray(prompts) || !Array.isArray(outputs) || (timed && !Array.isArray(starts))) {
    rows.refuse({ reason: 'no lists of lengths', what: 'has no lists of lengths', hint: ROW });
    return;
  }
  for (let i = 0; i < Math.max(prompts.length, outputs.length); i++) {
    check.begin();
    const arrivalMs = timed ? check.time('start_times', (starts as readonly unknown[])[i], 1000) : 0;
    const promptTokens = check.tokens('input_lens', prompts[i], 1);
    const outputTokens = check.tokens('output_lens', outputs[i], 0);
    if (check.problem === undefined && outputTokens === 0) {
      check.fail({
        reason: 'failed request (no answer)',
        what: `has a failed request, its ${i + 1}.`,
        field: 'output_lens',
      });
    }
    if (check.problem !== undefined) rows.refuse(check.problem);
    else rows.accept({ arrivalMs, promptTokens, outputTokens, prefix: NO_PREFIX });
  }
}
