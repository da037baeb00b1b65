import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { erlangC } from '#fleet/closed-form/erlang.js';
import { calibrateSlots, SLOT_GPUS, slotNodes, slotsOf, slotWaitP99, tokensPerJoule } from '#fleet/peer/slot-model.js';

type Knots = readonly (readonly [number, number])[];
const gpuOf = (name: string) => SLOT_GPUS.find(gpu => gpu.name === name)!;

test('the 1/W law: H100 at all seven context lengths, to the printed digits', () => {
  const printed = ['35.0', '17.6', '8.97', '4.69', '2.58', '1.50', '.88'];
  for (const [i, text] of printed.entries()) {
    const value = tokensPerJoule(gpuOf('h100'), 1024 * 2 ** (i + 1));
    // The paper prints 0.8846 as .88.
    expect(value.toFixed(text.split('.')[1]!.length).replace(/^0/, '')).toBe(text);
  }
});

test('slots as published', () => {
  const contexts = [2048, 4096, 6144, 8192, 16_384, 32_768, 65_536];
  expect(contexts.map(context => slotsOf(gpuOf('a100'), context))).toEqual([512, 256, 170, 128, 64, 32, 16]);
  expect(contexts.map(context => slotsOf(gpuOf('a10g'), context))).toEqual([256, 128, 85, 64, 32, 16, 8]);
});

const shared = join(process.env.WEIR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data/fleet');
describe.skipIf(!existsSync(shared))('reference vectors of the published planner (data beside the repository)', () => {
  const read = <Row>(file: string) => JSON.parse(readFileSync(join(shared, file), 'utf8')) as Row;
  const close = (value: number, reference: number) => {
    if (reference === 0) expect(Math.abs(value)).toBeLessThan(1e-9);
    else expect(Math.abs(value / reference - 1)).toBeLessThan(1e-9);
  };

  test("Erlang's C and the P99 wait, 154 cases to 1e-9", () => {
    const rows = read<readonly Record<string, number>[]>('queueing.json');
    expect(rows).toHaveLength(154);
    for (const row of rows) {
      const [servers, load] = [row.c!, row.rho!];
      close(erlangC(servers, servers * load), row.erlang_c_recursion!);
      for (const cv2 of [0.5, 1, 4]) {
        close(slotWaitP99(servers, 1, servers * load, cv2), row[`p99_wait_s(mu=1,cv2=${cv2})`]!);
      }
    }
  });

  test('exact calibration, all 126 slices to 1e-9', () => {
    interface Row {
      readonly workload: string;
      readonly gpu: string;
      readonly kind: string;
      readonly pool_max: number;
      readonly b_short?: number;
      readonly gamma?: number;
      readonly exact: { readonly mu_gpu: number; readonly cv2: number; readonly mean_prefill_s: number };
    }
    const workloads = read<Record<string, { readonly cdf: Knots }>>('workloads.json');
    const rows = read<readonly Row[]>('calibrate.json');
    expect(rows).toHaveLength(126);
    for (const { workload, gpu, kind, pool_max: context, b_short: boundary = 0, gamma = 1, exact } of rows) {
      const { cdf } = workloads[workload]!;
      const { knots, from } = slice(cdf, kind, context, Math.floor(boundary * gamma));
      const { rate, cv2, meanPrefillMs } = calibrateSlots(gpuOf(gpu), knots, from, context);
      close(rate, exact.mu_gpu);
      close(cv2, exact.cv2);
      close(meanPrefillMs / 1000, exact.mean_prefill_s);
    }
  });

  test('nodes, all 567 cases', () => {
    const rows = read<readonly Record<string, number>[]>('min-gpus.json');
    expect(rows).toHaveLength(567);
    for (const row of rows) {
      const calibration = { slots: row.n_slots!, rate: row.mu_gpu!, cv2: row.cv2! };
      expect(slotNodes(row.lam!, calibration, row.t_slo_s!)).toBe(row.min_gpus);
    }
  });
});

/** The part of a distribution that a pool gets, as the published planner cuts it. */
function slice(cdf: Knots, kind: string, context: number, cut: number): { knots: Knots; from: number } {
  if (kind === 'short') {
    const below = cdf.filter(([tokens]) => tokens <= context);
    return { knots: below.map(([tokens, share]) => [tokens, share / below.at(-1)![1]]), from: 0 };
  }
  if (kind !== 'long') return { knots: cdf, from: 0 };
  let [tokensBefore, below, atCut] = [0, 0, 1];
  for (const [tokens, share] of cdf) {
    if (cut <= tokens) {
      atCut = below + ((share - below) * (cut - tokensBefore)) / (tokens - tokensBefore);
      break;
    }
    [tokensBefore, below] = [tokens, share];
  }
  const above = cdf.filter(([tokens]) => tokens > cut);
  return { knots: above.map(([tokens, share]) => [tokens, (share - atCut) / (1 - atCut)]), from: cut };
}
