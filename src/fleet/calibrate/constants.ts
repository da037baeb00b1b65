import type { Milliseconds } from '#contract/units.js';
import type { Gpu } from '#pool/engine/hardware.js';

/** The free constants of the engine model: at most these three are fitted. */
export interface EngineConstants {
  /** Share of peak operations that matrix products reach. */
  readonly mfu: number;
  /** Share of peak bandwidth that reading weights and KV reaches. */
  readonly bandwidthEfficiency: number;
  /** Fixed time of an iteration beside the kernels of its layers. */
  readonly overheadMs: Milliseconds;
}

export const CONSTANT_NAMES = ['mfu', 'bandwidthEfficiency', 'overheadMs'] as const;

/**
 * What is believed before anything is measured: the catalogue's shares, and 1 ms of scheduler and sampler. The spreads, of the
 * logarithms, say how far real engines have been seen from them: MFU 0.4 to 0.9 and bandwidth 0.65 to 0.95 of peak, 0.3 to 5 ms.
 */
export const SPREAD: Readonly<Record<(typeof CONSTANT_NAMES)[number], number>> = {
  mfu: 0.25,
  bandwidthEfficiency: 0.12,
  overheadMs: 0.8,
};

/** No share of a peak can be above it. */
export const LIMITS: Readonly<Record<(typeof CONSTANT_NAMES)[number], readonly [number, number]>> = {
  mfu: [0.05, 1],
  bandwidthEfficiency: [0.2, 1],
  overheadMs: [0.01, 100],
};

/**
 * Shares of peak known from elsewhere than the runs that are calibrated. Large matrix products reach 0.87 of peak on A100 and 0.80 on H100
 * (Bekman's MAMF tables) where Vidur's kernels of a whole model reach 0.62 and 0.60: 0.73 of that, in the mean. RTX 4090 reaches 0.99 of
 * its peak, which 32-bit accumulation halves (xytpai/gpuk, hgemm of 8,192³: 163.5 of 165.2 TFLOPS), so 0.72.
 */
const KNOWN_MFU: Readonly<Record<string, number>> = { rtx4090: 0.72 };

/** The constants of a GPU before anything is measured on it. */
export function priorOf(gpu: Gpu): EngineConstants {
  return { mfu: KNOWN_MFU[gpu.name] ?? gpu.mfu, bandwidthEfficiency: gpu.bandwidthEfficiency, overheadMs: 1 };
}

/**
 * What constants fitted on some GPUs say of another. The shares of peak are facts of a GPU and its kernels, so another has those of its prior;
 * the overhead is the engine's and its host's, and goes along.
 */
export function transfer(constants: EngineConstants, fitted: readonly Gpu[], gpu: Gpu): EngineConstants {
  if (fitted.some(({ name }) => name === gpu.name)) return constants;
  return { ...priorOf(gpu), overheadMs: constants.overheadMs };
}
