import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { calibrate } from '#fleet/calibrate/calibration.js';
import { closedLoop } from '#fleet/calibrate/closed-loop.js';
import { LIMITS, priorOf, transfer } from '#fleet/calibrate/constants.js';
import { fitConstants } from '#fleet/calibrate/fit.js';
import { type MeasuredRun, readRun } from '#fleet/calibrate/measured-run.js';
import { replay } from '#fleet/calibrate/replay.js';
import { evaluateSilicon, readSilicon } from '#fleet/calibrate/silicon.js';
import { minimise } from '#fleet/calibrate/simplex.js';
import { findGpu } from '#pool/engine/hardware.js';
import { findModel } from '#pool/engine/models.js';
import { engineProfile } from '#pool/engine/profile.js';

const META = JSON.stringify({
  model: 'meta-llama/Llama-3.1-8B',
  engine_kwargs: { max_num_seqs: 64, max_model_len: null },
});
const row = (fields: object) =>
  JSON.stringify({ input_toks: 100, output_toks: 20, queued_ts: 5, first_token_ts: 5.2, last_token_ts: 6, ...fields });

/** A run on an engine whose constants are known: what the model itself says, as if measured. */
function knownRun(
  seed: number,
  constants: { mfu: number; bandwidthEfficiency: number; overheadMs: number },
): MeasuredRun {
  const random = seededRandom(seed);
  let arrivalMs = 0;
  const requests = Array.from({ length: 80 }, () => {
    arrivalMs += random.exponential(0.02);
    const lengths = { promptTokens: 50 + random.below(3000), outputTokens: 2 + random.below(200) };
    return { arrivalMs, ...lengths, ttftMs: 0, tpotMs: 0, e2eMs: 0 };
  });
  const run = { name: 'known', model: findModel('llama-3.1-8b'), gpu: findGpu('l40s'), tp: 1, engine: {}, requests };
  const truth = replay(run, constants);
  return { ...run, requests: requests.map((request, i) => ({ ...request, ...truth[i]! })) };
}

describe('measured runs', () => {
  test('are read with their engine and in order of arrival', () => {
    const run = readRun('runs/l40s-llama', META, `${row({ queued_ts: 5.1 })}\n${row({})}\n`);
    expect(run).toMatchObject({
      tp: 1,
      engine: { maxSequences: 64 },
      model: { name: 'llama-3.1-8b' },
      gpu: { name: 'l40s' },
    });
    expect(run.requests[0]).toMatchObject({ arrivalMs: 0, promptTokens: 100 });
    expect(run.requests[1]!.arrivalMs).toBeCloseTo(100, 6);
    expect(run.requests[0]!.ttftMs).toBeCloseTo(200, 6);
    expect(run.requests[0]!.tpotMs).toBeCloseTo(800 / 19, 6);
  });

  test('what is broken is named with file and line', () => {
    const good = row({});
    for (const [meta, rows, path] of [
      ['[]', good, 'x/l40s-a/meta.json'],
      ['{}', good, 'x/l40s-a/meta.json'],
      [META, `${good}\nnope`, 'x/l40s-a/requests.jsonl, line 2'],
      [META, `${good}\n${row({ first_token_ts: 4 })}`, 'x/l40s-a/requests.jsonl, line 2'],
      [META, `${good}\n${row({ queued_ts: null })}`, 'x/l40s-a/requests.jsonl, line 2'],
      [META, good, 'x/l40s-a/requests.jsonl'],
    ] as const) {
      expect(() => readRun('x/l40s-a', meta, rows)).toThrowError(
        expect.objectContaining({ code: 'trace.unreadable', path }),
      );
    }
    expect(() => readRun('x/abacus-a', META, good)).toThrowError(
      expect.objectContaining({ code: 'config.unknown_reference' }),
    );
  });
});

describe('fitting', () => {
  test('the simplex finds the least value of bowls wherever they lie', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 3 }), centre => {
        const bowl = (point: readonly number[]) =>
          point.reduce((sum, x, i) => sum + (i + 1) * (x - centre[i]!) ** 2, 0);
        const found = minimise(
          bowl,
          centre.map(() => 0),
          centre.map(() => 1),
          600,
        );
        for (const [i, x] of found.entries()) expect(Math.abs(x - centre[i]!)).toBeLessThan(0.01);
      }),
      { numRuns: 50 },
    );
  });

  test('a run of the model itself is predicted to a few in a hundred on the half that was not seen', () => {
    const run = knownRun(3, { mfu: 0.45, bandwidthEfficiency: 0.9, overheadMs: 2.5 });
    const { constants, runs } = calibrate([run], []);
    expect(runs[0]).toMatchObject({ role: 'fit', requests: 80, scored: 40 });
    for (const figure of Object.values(runs[0]!.error)) expect(Math.abs(figure.mean)).toBeLessThan(0.03);
    for (const [name, [least, most]] of Object.entries(LIMITS)) {
      expect(constants[name as keyof typeof constants]).toBeGreaterThanOrEqual(least);
      expect(constants[name as keyof typeof constants]).toBeLessThanOrEqual(most);
    }
    expect(fitConstants([run])).toEqual(constants);
  });

  test('only the first half is looked at', () => {
    const run = knownRun(4, { mfu: 0.5, bandwidthEfficiency: 0.8, overheadMs: 1 });
    const requests = run.requests.map((request, i) =>
      i < 40 ? request : { ...request, ttftMs: 1, tpotMs: 1, e2eMs: 2 },
    );
    expect(fitConstants([{ ...run, requests }])).toEqual(fitConstants([run]));
  });

  test('shares of peak stay with their GPU, the overhead goes along', () => {
    const fitted = { mfu: 0.9, bandwidthEfficiency: 0.9, overheadMs: 3 };
    expect(transfer(fitted, [findGpu('l40s')], findGpu('l40s'))).toEqual(fitted);
    expect(transfer(fitted, [findGpu('l40s')], findGpu('h100'))).toEqual({
      ...priorOf(findGpu('h100')),
      overheadMs: 3,
    });
  });

  test('every request of a replay has its first token before its last, none before it came', () => {
    const run = knownRun(5, { mfu: 0.6, bandwidthEfficiency: 0.8, overheadMs: 1 });
    for (const { ttftMs, e2eMs } of run.requests) {
      expect(ttftMs).toBeGreaterThan(0);
      expect(e2eMs).toBeGreaterThan(ttftMs);
    }
  });
});

test('a closed loop of one client is prefill and decode one after the other', () => {
  const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' });
  const [short, long] = [1000, 4000].map(promptTokens =>
    closedLoop(profile, { concurrency: 1, promptTokens, outputTokens: 50 }),
  );
  expect(long!.ttftMs).toBeGreaterThan(2 * short!.ttftMs);
  expect(long!.tpotMs / short!.tpotMs).toBeCloseTo(1, 0);
  const busy = closedLoop(profile, { concurrency: 32, promptTokens: 1000, outputTokens: 50 });
  expect(busy.tpotMs).toBeGreaterThan(short!.tpotMs);
});

const HEADER = 'backend,model_path,system,precision,mode,isl,osl,batch_size,tp_size,silicon_ttft_ms,silicon_tpot_ms';
const point = (fields: string) => `${HEADER}\n${fields}`;

describe('measured points', () => {
  test('a row is never predicted by itself, and what does not fit is said', () => {
    const rows = readSilicon(
      point(
        [
          'vllm,Qwen/Qwen3-8B,h100_sxm,,agg,1024,64,4,1,50,9',
          'vllm,Qwen/Qwen3-14B,h100_sxm,,agg,1024,64,4,1,60,14',
          'sglang,Qwen/Qwen3-235B-A22B,h100_sxm,,agg,1024,64,4,1,60,14',
        ].join('\n'),
      ),
    );
    const report = evaluateSilicon(rows);
    expect(report.rows.map(({ fitted_on }) => fitted_on)).toEqual([[3], [2], []]);
    expect(report.rows[0]!.overhead_ms).not.toBe(report.rows[1]!.overhead_ms);
    expect(report.rows[2]).toMatchObject({
      predicted: null,
      refused: expect.stringMatching(/weights/),
      overhead_ms: 1,
    });
  });

  test('what is broken is named with line and column', () => {
    for (const [text, path] of [
      ['', 'line 1, rows'],
      [HEADER, 'line 1, rows'],
      [point('vllm,Qwen/Qwen3-8B,h100_sxm,,agg,x,64,4,1,50,9'), 'line 2, isl'],
      [point('vllm,Qwen/Qwen3-8B,h100_sxm,,agg,1024,64,4,1,50,'), 'line 2, silicon_tpot_ms'],
    ] as const) {
      expect(() => readSilicon(text)).toThrowError(expect.objectContaining({ code: 'trace.unreadable', path }));
    }
    const unknown = readSilicon(point('vllm,Nobody/None,h100_sxm,,agg,1024,64,4,1,50,9'));
    expect(evaluateSilicon(unknown).rows[0]!.refused).toMatch(/No model is called/);
  });
});

const shared = join(process.env.WEIR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data/engine');
describe.skipIf(!existsSync(shared))('measured engines (data beside the repository)', () => {
  const run = (name: string) => {
    const file = (part: string) => readFileSync(join(shared, 'vllm-runs', name, part), 'utf8');
    return readRun(name, file('meta.json'), file('requests.jsonl'));
  };
  const names = ['rtx4090-llama-3.1-8b', 'rtxpro6000-llama-3.1-8b'] as const;

  test.each([
    [names[0], names[1]],
    [names[1], names[0]],
  ])('fitted on the first half of %s: the rest within 10 and 15 in 100, %s unseen within 20 and 30', (fit, other) => {
    const [same, blind] = calibrate([run(fit)], [run(other)]).runs;
    console.info(fit, same!.error, other, blind!.error);
    const bars = [
      [same!, 0.1, 0.15],
      [blind!, 0.2, 0.3],
    ] as const;
    for (const [{ error }, most, mostTtft] of bars) {
      expect(Math.abs(error.tpot_ms.mean)).toBeLessThanOrEqual(most);
      expect(Math.abs(error.e2e_ms.mean)).toBeLessThanOrEqual(most);
      expect(Math.abs(error.ttft_ms.mean)).toBeLessThanOrEqual(mostTtft);
    }
  });

  test('points of other engines, one fitted row each, leave-one-out: median TPOT within a quarter', () => {
    const rows = readSilicon(readFileSync(join(shared, 'silicon-refs.csv'), 'utf8'));
    expect(rows).toHaveLength(18);
    const { median_abs_error: error, rows: reports } = evaluateSilicon(rows);
    console.info(error);
    expect(reports.every(({ predicted }) => predicted !== null)).toBe(true);
    expect(error.aggregated.tpot).toBeLessThanOrEqual(0.25);
  });
});
