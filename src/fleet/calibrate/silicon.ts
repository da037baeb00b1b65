import { median } from '#contract/distribution.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { type EngineProfile, engineProfile, type ProfileInput } from '#pool/engine/profile.js';
import { csvFields } from '#workload/traces/csv.js';
import { closedLoop } from './closed-loop.js';
import { siliconGpu, siliconModel } from './silicon-models.js';

/** One measured point: a model on a system under a closed load. */
export interface SiliconRow {
  readonly line: number;
  readonly system: string;
  readonly backend: string;
  readonly model: string;
  readonly precision: string;
  readonly mode: 'aggregated' | 'disaggregated';
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly concurrency: number;
  /** GPUs of the replica; of a decode worker when disaggregated. */
  readonly gpus: number;
  /** Of a prefill worker. */
  readonly prefillGpus: number;
  /** GPUs that share attention; the others of the replica hold other sequences. */
  readonly attentionGpus: number;
  readonly measured: { readonly ttft: Milliseconds; readonly tpot: Milliseconds };
}

const MOST_ROWS = 10_000;

/**
 * Rows of AIConfigurator's measured anchors: model, system, engine, parallelism, lengths, batch size, TTFT and TPOT.
 *
 * @throws WeirError `trace.unreadable`, naming the line and the column.
 */
export function readSilicon(text: string): readonly SiliconRow[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const header = csvFields(lines[0] ?? '')?.map(name => name.trim()) ?? [];
  const rows: SiliconRow[] = [];
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '') continue;
    if (rows.length >= MOST_ROWS) throw broken(i + 1, 'rows', `at most ${MOST_ROWS}`);
    const fields = csvFields(line) ?? [];
    const text = (column: string) => fields[header.indexOf(column)]?.trim() ?? '';
    const number = (column: string, other?: number) => {
      const value = text(column) === '' ? other : Number(text(column));
      if (value === undefined || !Number.isFinite(value) || value <= 0 || value > 1e7)
        throw broken(i + 1, column, 'a number above 0');
      return value;
    };
    const mode = text('mode') === 'disagg' ? 'disaggregated' : 'aggregated';
    const role = mode === 'disaggregated' ? 'decode_' : '';
    const tp = number(`${role}tp_size`);
    const dp = number(role === '' ? 'attention_dp_size' : 'decode_attention_dp_size', 1);
    rows.push({
      line: i + 1,
      ...{
        system: text('system'),
        backend: text('backend'),
        model: text('model_path'),
        precision: text('precision'),
        mode,
      },
      ...{ promptTokens: number('isl'), outputTokens: number('osl') },
      concurrency: number(mode === 'disaggregated' ? 'decode_batch_size' : 'batch_size'),
      ...{ gpus: tp * dp, attentionGpus: tp },
      prefillGpus: number('prefill_tp_size', 1) * number('prefill_attention_dp_size', 1),
      measured: { ttft: number('silicon_ttft_ms'), tpot: number('silicon_tpot_ms') },
    });
  }
  if (rows.length === 0)
    throw broken(1, 'rows', 'model_path, system, backend, isl, osl, batch_size, silicon_tpot_ms …');
  return rows;
}

export interface SiliconPrediction {
  readonly ttft: Milliseconds;
  readonly tpot: Milliseconds;
}

/** Precisions by the name of a row; 16 bits where none is named. */
const PRECISIONS: Readonly<Record<string, Pick<ProfileInput, 'weights' | 'kvCache'>>> = {
  fp8: { weights: 'fp8', kvCache: 'fp8' },
  fp4: { weights: 'nvfp4', kvCache: 'fp8' },
};

/** The engine model's TTFT and TPOT for a row, with an overhead of so many ms an iteration. */
export function predictSilicon(row: SiliconRow, overheadMs: Milliseconds): SiliconPrediction {
  const { promptTokens, outputTokens } = row;
  if (row.mode === 'aggregated') {
    const { ttftMs, tpotMs } = closedLoop(profileOf(row, row.gpus, row.concurrency, overheadMs), row);
    return { ttft: ttftMs, tpot: tpotMs };
  }
  // Prefill and decode on workers of their own: one prompt alone, and a batch that only decodes.
  const prefill = closedLoop(profileOf(row, row.prefillGpus, 1, overheadMs), {
    concurrency: 1,
    promptTokens,
    outputTokens: 1,
  });
  const decode = closedLoop(profileOf(row, row.gpus, row.concurrency, overheadMs), {
    ...{ concurrency: row.concurrency, promptTokens: 1, outputTokens: promptTokens + outputTokens },
  });
  return { ttft: prefill.ttftMs, tpot: decode.tpotMs };
}

function profileOf(row: SiliconRow, gpus: number, concurrency: number, overheadMs: Milliseconds): EngineProfile {
  const maxSequences = Math.max(256, concurrency);
  return engineProfile({
    model: siliconModel(row.model),
    gpu: siliconGpu(row.system),
    ...{ tp: gpus, overheadMs, maxSequences, weights: 'bf16', ...PRECISIONS[row.precision] },
    maxBatchedTokens: Math.max(8192, maxSequences),
    memoryShare: 0.95,
  });
}

export interface SiliconReport {
  readonly fit_rows: number;
  readonly rows: readonly {
    readonly system: string;
    readonly backend: string;
    readonly model: string;
    readonly mode: SiliconRow['mode'];
    /** Always false: every row is predicted with constants that did not see it. */
    readonly fitted: boolean;
    /** Lines of the rows that its engine's overhead was fitted on. */
    readonly fitted_on: readonly number[];
    readonly overhead_ms: Milliseconds;
    readonly measured: SiliconPrediction;
    readonly predicted: SiliconPrediction | null;
    /** Why there is no prediction. */
    readonly refused?: string;
  }[];
  readonly median_abs_error: Readonly<Record<SiliconRow['mode'], SiliconPrediction>>;
}

/**
 * Leave-one-out over the aggregated rows of each engine: a row is predicted with the overhead that was fitted on the `fitRows` rows
 * of the same engine that come next (around the end), never on itself. Rows that are disaggregated are predicted with the overhead of all of their
 * engine's aggregated rows. An engine with a single row takes the prior, 1 ms.
 */
export function evaluateSilicon(rows: readonly SiliconRow[], fitRows = 1): SiliconReport {
  const reports = rows.map(row => {
    const peers = rows.filter(other => other.backend === row.backend && other.mode === 'aggregated');
    const at = peers.indexOf(row);
    const used =
      at < 0
        ? peers
        : Array.from({ length: Math.min(fitRows, peers.length - 1) }, (_, i) => peers[(at + 1 + i) % peers.length]!);
    const overheadMs = used.length === 0 ? 1 : median(used.map(fitOverhead));
    const { system, backend, model, mode, measured } = row;
    const base = {
      system,
      backend,
      model,
      mode,
      fitted: false,
      fitted_on: used.map(({ line }) => line),
      overhead_ms: overheadMs,
      measured,
    };
    try {
      return { ...base, predicted: predictSilicon(row, overheadMs) };
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      return { ...base, predicted: null, refused: error.message };
    }
  });
  const errorOf = (mode: SiliconRow['mode'], metric: keyof SiliconPrediction) =>
    median(
      reports.flatMap(({ mode: own, predicted, measured }) =>
        own === mode && predicted !== null ? [Math.abs(predicted[metric] / measured[metric] - 1)] : [],
      ),
    );
  const errors = (mode: SiliconRow['mode']) => ({ ttft: errorOf(mode, 'ttft'), tpot: errorOf(mode, 'tpot') });
  return {
    fit_rows: fitRows,
    rows: reports,
    median_abs_error: { aggregated: errors('aggregated'), disaggregated: errors('disaggregated') },
  };
}

const LEAST_OVERHEAD_MS = 0.01;
const MOST_OVERHEAD_MS = 200;

/** The overhead that makes the model's TPOT the measured one, by bisection; the least there is where the model is slower without any. */
function fitOverhead(row: SiliconRow): Milliseconds {
  let low = LEAST_OVERHEAD_MS;
  let high = MOST_OVERHEAD_MS;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (predictSilicon(row, middle).tpot > row.measured.tpot) high = middle;
    else low = middle;
  }
  return low;
}

function broken(line: number, column: string, hint: string): WeirError {
  return new WeirError('trace.unreadable', `Line ${line} has no ${column}.`, { path: `line ${line}, ${column}`, hint });
}
