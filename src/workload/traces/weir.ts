import type { RowReader, TraceFormat } from './format.js';
import { readSignals, writtenSignals } from './recorded-signals.js';
import { isObject, jsonObject, nameOf, notJson, RowCheck } from './row.js';
import { NO_PREFIX, type Trace, type TraceRequest } from './trace.js';

const ROW = 'one JSON object a line, with t_ms, prompt_tokens, output_tokens and perhaps session, model, prefix';
const VERSION = 1;

/**
 * Weir's own form, which `weir trace record` and `weir trace generate` write: a first line `{"weir_trace": 1, "timed": …,
 * "started_at": …}`, then one JSON object a line with `t_ms` since the beginning, `prompt_tokens`, `output_tokens` and, as far as
 * known, `session`, `model`, `prefix: {block_tokens, hashes}` and `signals: {name: {state, score, label}}`. It holds all that a {@link Trace} does, and no text.
 */
export const weirTrace: TraceFormat = {
  name: 'weir',
  form: 'JSON lines that begin with {"weir_trace": 1}',
  open: (_, json) => (json?.weir_trace === VERSION ? reader(json) : undefined),
};

function reader(head: Readonly<Record<string, unknown>>): RowReader {
  const check = new RowCheck();
  const timed = head.timed !== false;
  const startedAt = head.started_at;
  return {
    clock: timed ? 'trace' : 'none',
    header: true,
    ...(typeof startedAt === 'number' && startedAt >= 0 && startedAt < 1e15 ? { startedAt } : {}),
    read(line, rows) {
      const row = jsonObject(line);
      if (row === undefined) {
        rows.refuse(notJson(line, ROW));
        return;
      }
      check.begin();
      const arrivalMs = timed ? check.time('t_ms', row.t_ms, 1) : 0;
      const promptTokens = check.tokens('prompt_tokens', row.prompt_tokens, 1);
      const outputTokens = check.tokens('output_tokens', row.output_tokens, 0);
      const prefix = check.problem ? NO_PREFIX : prefixOf(row.prefix, promptTokens, check);
      const session = nameOf(row.session);
      const model = nameOf(row.model);
      const signals = row.signals === undefined ? undefined : readSignals(row.signals, check);
      if (check.problem !== undefined) rows.refuse(check.problem);
      else {
        rows.accept({
          ...{ arrivalMs, promptTokens, outputTokens, prefix },
          ...(session === undefined ? {} : { session }),
          ...(model === undefined ? {} : { model }),
          ...(signals === undefined ? {} : { signals }),
        });
      }
    },
  };
}

function prefixOf(value: unknown, promptTokens: number, check: RowCheck): TraceRequest['prefix'] {
  if (value === undefined) return NO_PREFIX;
  const { block_tokens: blockTokens, hashes } = isObject(value) ? value : {};
  if (typeof blockTokens !== 'number' || !(blockTokens >= 1 && blockTokens <= 1_048_576)) {
    check.fail({ reason: 'prefix: no block_tokens', what: 'has no block_tokens in its prefix', field: 'prefix' });
    return NO_PREFIX;
  }
  return { hashes: check.chain('prefix', hashes, promptTokens, blockTokens), blockTokens };
}

/** The first line of a trace in Weir's own form. */
export function weirHeader(trace: Pick<Trace, 'timed' | 'startedAt'>): string {
  const { timed, startedAt } = trace;
  return JSON.stringify({ weir_trace: VERSION, timed, ...(startedAt === undefined ? {} : { started_at: startedAt }) });
}

/** One request as a line of a trace in Weir's own form. */
export function weirRow(request: TraceRequest): string {
  const { arrivalMs, promptTokens, outputTokens, session, model, prefix, signals } = request;
  return JSON.stringify({
    ...{ t_ms: arrivalMs, prompt_tokens: promptTokens, output_tokens: outputTokens },
    ...(session === undefined ? {} : { session }),
    ...(model === undefined ? {} : { model }),
    ...(prefix.hashes.length === 0
      ? {}
      : { prefix: { block_tokens: prefix.blockTokens, hashes: Array.from(prefix.hashes) } }),
    ...(signals === undefined ? {} : { signals: writtenSignals(signals) }),
  });
}
