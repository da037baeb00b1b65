import { WeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { findGpu, type Gpu } from '#pool/engine/hardware.js';
import { findModel, type ModelShape } from '#pool/engine/models.js';
import { isObject, type JsonRow, jsonObject, MOST_TOKENS } from '#workload/traces/row.js';

/** One request of a measured run. Times since the first request was queued. */
export interface MeasuredRequest {
  readonly arrivalMs: Milliseconds;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly ttftMs: Milliseconds;
  /** Mean time per output token after the first; `undefined` for an answer of one. */
  readonly tpotMs: Milliseconds | undefined;
  readonly e2eMs: Milliseconds;
}

/** A run of a real engine: what it ran, on what, and what became of each request. */
export interface MeasuredRun {
  readonly name: string;
  readonly model: ModelShape;
  readonly gpu: Gpu;
  readonly tp: number;
  readonly engine: {
    readonly maxSequences?: number;
    readonly maxBatchedTokens?: Tokens;
    readonly contextTokens?: Tokens;
    readonly blocks?: number;
    readonly blockTokens?: Tokens;
  };
  /** In order of arrival. */
  readonly requests: readonly MeasuredRequest[];
}

/**
 * A run from its two files: `meta.json` (vLLM's `engine_kwargs`, `kv_cache`, `hardware`) and `requests.jsonl` (for each request, in
 * seconds, when it was queued, gave its first and its last token). Where the former does not name the GPU, the name of the folder does, up
 * to its first hyphen.
 *
 * @throws WeirError `trace.unreadable`, `config.unknown_reference` for an unknown GPU or model.
 */
export function readRun(name: string, meta: string, rows: string): MeasuredRun {
  const facts = jsonObject(meta);
  if (facts === undefined) throw broken(`${name}/meta.json`, 'is no JSON object');
  const args = part(facts, 'engine_kwargs');
  const cache = part(facts, 'kv_cache');
  const device = part(facts, 'hardware').device_name;
  const model = facts.model ?? args.model;
  if (typeof model !== 'string') throw broken(`${name}/meta.json`, 'names no model');
  const folder = name.split('/').at(-1) ?? name;
  return {
    name,
    model: findModel(model),
    gpu: findGpu(typeof device === 'string' ? device : folder.split('-')[0]!),
    tp: whole(args.tensor_parallel_size) ?? 1,
    engine: {
      ...known('maxSequences', whole(args.max_num_seqs)),
      ...known('maxBatchedTokens', whole(args.max_num_batched_tokens)),
      ...known('contextTokens', whole(args.max_model_len)),
      ...known('blocks', whole(cache.num_gpu_blocks)),
      ...known('blockTokens', whole(cache.block_size)),
    },
    requests: readRequests(`${name}/requests.jsonl`, rows),
  };
}

function readRequests(path: string, text: string): readonly MeasuredRequest[] {
  const requests: MeasuredRequest[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const row = jsonObject(line);
    const promptTokens = whole(row?.input_toks);
    const outputTokens = whole(row?.output_toks);
    const [queued, first, last] = [row?.queued_ts, row?.first_token_ts, row?.last_token_ts];
    if (promptTokens === undefined || outputTokens === undefined) throw broken(path, 'has no token counts', i + 1);
    if (typeof queued !== 'number' || typeof first !== 'number' || typeof last !== 'number') {
      throw broken(path, 'has no queued_ts, first_token_ts, last_token_ts', i + 1);
    }
    if (!(queued >= 0 && first >= queued && last >= first)) throw broken(path, 'has times out of order', i + 1);
    requests.push({
      arrivalMs: queued * 1000,
      ...{ promptTokens, outputTokens },
      ttftMs: (first - queued) * 1000,
      tpotMs: outputTokens > 1 ? ((last - first) * 1000) / (outputTokens - 1) : undefined,
      e2eMs: (last - queued) * 1000,
    });
  }
  if (requests.length < 2) throw broken(path, 'has fewer than two requests');
  requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const start = requests[0]!.arrivalMs;
  return requests.map(request => ({ ...request, arrivalMs: request.arrivalMs - start }));
}

function part(facts: JsonRow, name: string): JsonRow {
  const value = facts[name];
  return isObject(value) ? value : {};
}

function whole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_TOKENS ? value : undefined;
}

function known<Key extends string>(key: Key, value: number | undefined): { [K in Key]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: number });
}

function broken(path: string, what: string, line?: number): WeirError {
  const at = line === undefined ? path : `${path}, line ${line}`;
  return new WeirError('trace.unreadable', `${at} ${what}.`, { path: at });
}
