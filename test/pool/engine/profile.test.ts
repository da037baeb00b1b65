import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findGpu, GPUS } from '#pool/engine/hardware.js';
import { type IterationWork, iterationMs } from '#pool/engine/iteration-cost.js';
import { findModel, kvWidth, MODELS, parametersOf } from '#pool/engine/models.js';
import { powerAt } from '#pool/engine/power.js';
import { engineProfile } from '#pool/engine/profile.js';

const SHARED = process.env.WEIR_SHARED ?? join(import.meta.dirname, '../../../../shared');
const VIDUR = join(SHARED, 'data/engine/vidur-70b-mlp-iteration.json');

describe('the catalogues', () => {
  test.each([
    ['llama-3.1-8b', 8.03],
    ['llama-3.1-70b', 70.6],
    ['llama-3.1-405b', 405.9],
    ['llama-3.2-1b', 1.24],
    ['llama-3.2-3b', 3.21],
    ['mistral-7b', 7.25],
    ['mixtral-8x7b', 46.7],
    ['qwen3-0.6b', 0.6],
    ['qwen3-8b', 8.19],
    ['qwen3-32b', 32.8],
    ['qwen3-30b-a3b', 30.5],
    ['qwen3-235b-a22b', 235.1],
    ['deepseek-v3', 671],
  ])('count the parameters of %s as its card does: %d billion', (name, billions) => {
    expect(parametersOf(findModel(name)).total / 1e9 / billions).toBeCloseTo(1, 1.5);
  });

  test.each([
    ['qwen3-30b-a3b', 3.3],
    ['qwen3-235b-a22b', 22],
    ['deepseek-v3', 37],
  ])('count the active parameters of %s', (name, billions) => {
    const { activePerToken, head } = parametersOf(findModel(name));
    expect((activePerToken + 2 * head) / 1e9 / billions).toBeCloseTo(1, 1);
  });

  test('know that a latent KV cache is small', () => {
    expect(kvWidth(findModel('deepseek-v3')) * 2).toBe(70_272);
    expect(kvWidth(findModel('llama-3.1-8b')) * 2).toBe(131_072);
  });

  test('find names as people write them, and say which there are', () => {
    expect(findModel('Qwen/Qwen3-8B').name).toBe('qwen3-8b');
    expect(findModel('meta-llama/Meta-Llama-3.1-70B-Instruct').name).toBe('llama-3.1-70b');
    for (const name of ['H100', 'h100-80gb', 'NVIDIA H100 SXM', 'h100_sxm5']) expect(findGpu(name).name).toBe('h100');
    expect(findGpu('a10g').name).toBe('a10g');
    expect(findGpu('NVIDIA GeForce RTX 4090').name).toBe('rtx4090');
    expect(() => findGpu('tpu')).toThrow(expect.objectContaining({ code: 'config.unknown_reference' }));
    expect(() => findModel('gpt-9')).toThrow(expect.objectContaining({ hint: expect.stringContaining('qwen3-8b') }));
    expect(new Set(MODELS.map(model => model.name)).size).toBe(MODELS.length);
    expect(new Set(GPUS.map(gpu => gpu.name)).size).toBe(GPUS.length);
  });
});

describe('a profile', () => {
  test('counts KV blocks over the whole tensor-parallel group', () => {
    const { totalBlocks } = engineProfile({ model: 'llama-3.1-70b', gpu: 'h100', tp: 8 });
    // 8 GPUs of 77.3 GB usable, less 141 GB of weights, at 327,680 bytes a token.
    expect(totalBlocks).toBeGreaterThan(85_000);
    expect(totalBlocks).toBeLessThan(93_000);
  });

  test('has as many blocks as vLLM reported on an RTX 4090, within 1 %', () => {
    expect(engineProfile({ model: 'llama-3.1-8b', gpu: 'rtx4090' }).totalBlocks / 2588).toBeCloseTo(1, 2);
  });

  test('refuses weights that do not fit and names the group that would do', () => {
    const wrong = expect.objectContaining({ code: 'config.range', hint: 'tp 2' });
    expect(() => engineProfile({ model: 'llama-3.1-70b', gpu: 'h100' })).toThrow(wrong);
    expect(engineProfile({ model: 'llama-3.1-70b', gpu: 'h100', tp: 2 }).totalBlocks).toBeGreaterThan(1000);
    expect(() => engineProfile({ model: 'qwen3-8b', gpu: 'l40s', tp: 1.5 })).toThrow(
      expect.objectContaining({ code: 'config.range' }),
    );
    expect(() => engineProfile({ model: 'qwen3-8b', gpu: 'l40s', maxSequences: 64, maxBatchedTokens: 32 })).toThrow(
      expect.objectContaining({ code: 'config.range' }),
    );
  });
});

describe('iteration time', () => {
  const work = fc.record({
    tokens: fc.integer({ min: 1, max: 4096 }),
    sampled: fc.integer({ min: 0, max: 256 }),
    attentionPairs: fc.integer({ min: 0, max: 1e8 }),
    kvTokens: fc.integer({ min: 0, max: 1e6 }),
  });

  test('never falls when any part of the work grows', () => {
    const profiles = MODELS.map(model => engineProfile({ model, gpu: 'h200', tp: 8, blocks: 1000 }));
    fc.assert(
      fc.property(work, fc.constantFrom(...profiles), (done, { cost }) => {
        const base = iterationMs(cost, done);
        expect(base).toBeGreaterThan(cost.overheadMs);
        for (const part of ['tokens', 'sampled', 'attentionPairs', 'kvTokens'] as const) {
          const more: IterationWork = { ...done, [part]: done[part] * 2 };
          expect(iterationMs(cost, more)).toBeGreaterThanOrEqual(base);
        }
      }),
    );
  });

  // Measured kernels without attention, all-reduce, output head and host: the model's other terms are left out to compare.
  test.skipIf(!existsSync(VIDUR))('is within 30 % of Vidur measurements of a 70B, 15 % in the mean', () => {
    interface Row {
      readonly file: string;
      readonly tp: number;
      readonly num_tokens: number;
      readonly ms_80_layers_no_attention_no_allreduce: number;
    }
    const rows = JSON.parse(readFileSync(VIDUR, 'utf8')) as Row[];
    const errors = rows.map(row => {
      const gpu = row.file.includes('a100') ? 'a100' : 'h100';
      const model = findModel('llama-3.1-70b');
      const { cost } = engineProfile({ model, gpu, tp: row.tp, blocks: 1, overheadMs: 1 });
      const head = parametersOf(model).head * 2;
      const layers = {
        ...cost,
        ...{ exchangeMs: 0, exchangeMsPerToken: 0, overheadMs: cost.overheadMs - 1 },
        weightBytes: cost.weightBytes - head / row.tp,
      };
      const ms = iterationMs(layers, { tokens: row.num_tokens, sampled: 0, attentionPairs: 0, kvTokens: 0 });
      return Math.abs(ms / row.ms_80_layers_no_attention_no_allreduce - 1);
    });
    expect(Math.max(...errors)).toBeLessThan(0.3);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.15);
  });
});

describe('power', () => {
  test('follows the measured H100 curve', () => {
    const expected = [304.4, 311.7, 329.9, 369.4, 435.0, 507.0, 557.4, 582.8, 593.4];
    const curve = findGpu('h100').power;
    for (const [i, watts] of expected.entries()) expect(powerAt(curve, 2 ** i)).toBeCloseTo(watts, 0);
    expect(powerAt(curve, 0)).toBe(300);
  });
});
