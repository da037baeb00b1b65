import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { erlangC, waitDecay, waitQuantile } from '#fleet/closed-form/erlang.js';
import type { PowerCurve } from '#pool/engine/hardware.js';
import { powerAt } from '#pool/engine/power.js';
import { type LengthCdf, splitTotal } from '#workload/generate/length-cdf.js';

/**
 * The published planner's GPU (vLLM Semantic Router, fleet-sim, manual profiles): here only so that its closed forms can be reproduced
 * and what differs from ours shown. Each "GPU" of it is a whole node; our own model is {@link file://./../closed-form/pool-model.ts}.
 */
export interface SlotGpu {
  readonly name: string;
  /** t_iter(n, L) = W + H·(L / calibration)·n. */
  readonly fixedMs: Milliseconds;
  readonly perSequenceMs: Milliseconds;
  readonly calibrationTokens: Tokens;
  readonly chunk: Tokens;
  readonly blockTokens: Tokens;
  readonly blocks: number;
  readonly maxSlots: number;
  readonly usdPerHour: Usd;
  readonly power: PowerCurve;
}

export const SLOT_GPUS: readonly SlotGpu[] = [
  {
    ...{ name: 'a100', fixedMs: 8, perSequenceMs: 0.65, calibrationTokens: 8192, chunk: 512, blockTokens: 16 },
    ...{ blocks: 65_536, maxSlots: 128, usdPerHour: 2.21 },
    power: { idle: 175, nominal: 385, steepness: 1, midpoint: 2.5 },
  },
  {
    ...{ name: 'h100', fixedMs: 4, perSequenceMs: 0.32, calibrationTokens: 8192, chunk: 1024, blockTokens: 16 },
    ...{ blocks: 65_536, maxSlots: 256, usdPerHour: 4.02 },
    power: { idle: 300, nominal: 600, steepness: 1, midpoint: 4.2 },
  },
  {
    ...{ name: 'a10g', fixedMs: 12, perSequenceMs: 0.9, calibrationTokens: 8192, chunk: 256, blockTokens: 16 },
    ...{ blocks: 32_768, maxSlots: 64, usdPerHour: 1.01 },
    power: { idle: 75, nominal: 120, steepness: 0.7, midpoint: 3 },
  },
];

/** Requests that a node holds at once when each reserves the whole context window. */
export function slotsOf(gpu: SlotGpu, context: Tokens): number {
  const byRule = Math.floor((gpu.maxSlots * gpu.calibrationTokens) / context);
  return Math.min(byRule, Math.floor(gpu.blocks / Math.ceil(context / gpu.blockTokens)));
}

export function slotIterationMs(gpu: SlotGpu, sequences: number, tokens: Tokens): Milliseconds {
  return gpu.fixedMs + gpu.perSequenceMs * (tokens / gpu.calibrationTokens) * sequences;
}

export interface SlotCalibration {
  readonly slots: number;
  /** Requests a second of one node with all slots taken. */
  readonly rate: number;
  readonly cv2: number;
  readonly meanPrefillMs: Milliseconds;
}

/**
 * Moments of the service time over a slice of lengths, summed exactly over every whole number of tokens, where the published code draws
 * 3,000 at random. Each request's neighbours are taken to be as long as itself, in all slots, and its prefill to run alone: their
 * assumptions, not ours.
 *
 * @param from the slice's shortest length, which the first interval includes; 0 for all from 1.
 */
export function calibrateSlots(
  gpu: SlotGpu,
  knots: LengthCdf['knots'],
  from: Tokens,
  context: Tokens,
): SlotCalibration {
  const slots = slotsOf(gpu, context);
  let mean = 0;
  let square = 0;
  let prefill = 0;
  let before: Tokens = from - 1;
  let below = 0;
  for (const [knot, share] of knots) {
    const first = Math.max(1, before + 1);
    const count = knot - first + 1;
    if (share > below && count > 0) {
      let [sum, sumSquares, chunksSum] = [0, 0, 0];
      for (let total = first; total <= knot; total++) {
        const { promptTokens, outputTokens } = splitTotal(Math.min(total, context), 0.2);
        const chunks = Math.ceil(promptTokens / gpu.chunk);
        const service = (chunks + outputTokens) * slotIterationMs(gpu, slots, promptTokens + outputTokens);
        sum += service;
        sumSquares += service * service;
        chunksSum += chunks;
      }
      const weight = (share - below) / count;
      mean += weight * sum;
      square += weight * sumSquares;
      prefill += weight * chunksSum;
    }
    before = knot;
    below = share;
  }
  return {
    slots,
    rate: (1000 * slots) / mean,
    cv2: Math.max(0.01, square / mean ** 2 - 1),
    meanPrefillMs: prefill * (gpu.fixedMs + gpu.perSequenceMs),
  };
}

/** P99 of the wait, in seconds, with every KV slot a server: 0 where at most one in a hundred waits, infinite from full load on. */
export function slotWaitP99(servers: number, rate: number, arrivals: number, cv2: number): number {
  if (arrivals >= servers * rate) return Number.POSITIVE_INFINITY;
  return waitQuantile(erlangC(servers, arrivals / rate), waitDecay(servers, rate, arrivals, 1, cv2), 0.01);
}

/** Nodes the published code asks for: at least one more than the load, the wait alone within the target, at most 0.85 of the load. */
export function slotNodes(
  arrivals: number,
  { slots, rate, cv2 }: Omit<SlotCalibration, 'meanPrefillMs'>,
  sloS: number,
): number {
  if (arrivals <= 0) return 1;
  let nodes = Math.ceil(arrivals / rate) + 1;
  while (nodes < 5000 && slotWaitP99(nodes * slots, rate / slots, arrivals, cv2) > sloS) nodes++;
  return Math.max(nodes, Math.ceil(arrivals / (0.85 * rate)));
}

/**
 * Output tokens a joule of a node that is full of requests of half the window: the 1/W law (2603.17280). It divides the throughput of a
 * whole tensor-parallel group by the power of one of its GPUs, so the value is as many times too high as the group has GPUs.
 */
export function tokensPerJoule(gpu: SlotGpu, context: Tokens): number {
  const slots = (128 * gpu.calibrationTokens) / context;
  return slots / (slotIterationMs(gpu, slots, context / 2) / 1000) / powerAt(gpu.power, slots);
}
