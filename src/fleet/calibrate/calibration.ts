import { type Distribution, distributionOf } from '#contract/distribution.js';
import { type EngineConstants, transfer } from './constants.js';
import { fitConstants, fittedRequests } from './fit.js';
import type { MeasuredRun } from './measured-run.js';
import { type PredictedRequest, replay } from './replay.js';

type Figure = Pick<Distribution, 'mean' | 'p99'>;

export interface RunFigures {
  readonly ttft_ms: Figure;
  readonly tpot_ms: Figure;
  readonly e2e_ms: Figure;
}

/** A run as measured, as the model has it, and how far the two are apart. */
export interface RunReport {
  readonly dir: string;
  /** `fit`: the constants were fitted to its first half, and the figures are of the rest. `test`: nothing of it was seen, and they are of all. */
  readonly role: 'fit' | 'test';
  readonly gpu: string;
  readonly model: string;
  /** What it was predicted with: on a GPU that was not fitted, its own prior and the fitted overhead. */
  readonly constants: EngineConstants;
  readonly requests: number;
  readonly scored: number;
  readonly measured: RunFigures;
  readonly predicted: RunFigures;
  /** Predicted over measured, less 1. */
  readonly error: RunFigures;
  /** Mean absolute error of single requests over the measured mean. */
  readonly per_request_error: { readonly ttft: number; readonly tpot: number; readonly e2e: number };
}

export interface CalibrationReport {
  readonly constants: EngineConstants;
  readonly runs: readonly RunReport[];
}

/** Fits the constants on some runs, and reports the error on what they were not fitted to: the rest of those, and all of the others. */
export function calibrate(fit: readonly MeasuredRun[], test: readonly MeasuredRun[]): CalibrationReport {
  const constants = fitConstants(fit);
  const gpus = fit.map(({ gpu }) => gpu);
  return {
    constants,
    runs: [
      ...fit.map(run => reportOf(run, 'fit', constants)),
      ...test.map(run => reportOf(run, 'test', transfer(constants, gpus, run.gpu))),
    ],
  };
}

function reportOf(run: MeasuredRun, role: 'fit' | 'test', constants: EngineConstants): RunReport {
  const from = role === 'fit' ? fittedRequests(run) : 0;
  const measured = run.requests.slice(from);
  const predicted = replay(run, constants).slice(from);
  const [truth, guess] = [figuresOf(measured), figuresOf(predicted)];
  const ratio = (name: keyof RunFigures): Figure => ({
    mean: guess[name].mean / truth[name].mean - 1,
    p99: guess[name].p99 / truth[name].p99 - 1,
  });
  const each = (name: keyof PredictedRequest) => {
    let error = 0;
    let sum = 0;
    for (const [i, request] of measured.entries()) {
      const value = request[name];
      if (value === undefined) continue;
      error += Math.abs(predicted[i]![name]! - value);
      sum += value;
    }
    return error / sum;
  };
  return {
    ...{ dir: run.name, role, gpu: run.gpu.name, model: run.model.name, constants },
    ...{ requests: run.requests.length, scored: measured.length, measured: truth, predicted: guess },
    error: { ttft_ms: ratio('ttft_ms'), tpot_ms: ratio('tpot_ms'), e2e_ms: ratio('e2e_ms') },
    per_request_error: { ttft: each('ttftMs'), tpot: each('tpotMs'), e2e: each('e2eMs') },
  };
}

function figuresOf(requests: readonly PredictedRequest[]): RunFigures {
  const figure = (name: keyof PredictedRequest): Figure => {
    const { mean, p99 } = distributionOf(requests.flatMap(request => request[name] ?? []));
    return { mean, p99 };
  };
  return { ttft_ms: figure('ttftMs'), tpot_ms: figure('tpotMs'), e2e_ms: figure('e2eMs') };
}
