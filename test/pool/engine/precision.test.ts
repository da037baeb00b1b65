import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findGpu, GPUS } from '#pool/engine/hardware.js';
import { iterationMs } from '#pool/engine/iteration-cost.js';
import { findModel, parametersOf } from '#pool/engine/models.js';
import { KV_PRECISIONS, peakFlops, type WEIGHT_PRECISIONS } from '#pool/engine/precision.js';
import { engineProfile } from '#pool/engine/profile.js';

const INPUT = { model: 'llama-3.1-70b', gpu: 'h100', tp: 4 };
const work = fc.record({
  tokens: fc.integer({ min: 1, max: 8192 }),
  sampled: fc.integer({ min: 0, max: 256 }),
  attentionPairs: fc.integer({ min: 0, max: 1e9 }),
  kvTokens: fc.integer({ min: 0, max: 1e6 }),
});

describe('the precision of weights', () => {
  test('counts in the layers; the input embedding and the output head keep 16 bits', () => {
    const { total, head } = parametersOf(findModel('llama-3.1-70b'));
    const layers = total - 2 * head;
    const bytes = (weights: (typeof WEIGHT_PRECISIONS)[number]) =>
      4 * engineProfile({ ...INPUT, weights }).weightBytesPerGpu - 2 * 2 * head;
    expect(bytes('bf16') / layers).toBeCloseTo(2, 9);
    expect(bytes('fp16') / layers).toBeCloseTo(2, 9);
    expect(bytes('fp8') / layers).toBeCloseTo(1, 9);
    expect(bytes('int8') / layers).toBeCloseTo(1, 9);
    // 4 bits, and a scale and a zero point for 128; a scale for 16.
    expect((8 * bytes('int4')) / layers).toBeCloseTo(4.15625, 9);
    expect((8 * bytes('nvfp4')) / layers).toBeCloseTo(4.5, 9);
  });

  test('is what the model is published in unless said', () => {
    expect(engineProfile(INPUT)).toMatchObject({ weights: 'bf16', kvCache: 'bf16' });
    expect(engineProfile({ ...INPUT, weights: 'fp16' })).toMatchObject({ weights: 'fp16', kvCache: 'fp16' });
    expect(engineProfile({ model: 'deepseek-v3', gpu: 'h200', tp: 8 }).weights).toBe('fp8');
    expect(() => engineProfile({ model: 'deepseek-v3', gpu: 'h200', tp: 8, weights: 'bf16' })).toThrow('needs');
  });

  test('is multiplied at the rate of the hardware, or widened to 16 bits where it has none', () => {
    const rates = (gpu: string) =>
      [...(['bf16', 'fp8', 'int4', 'nvfp4'] as const)].map(p => peakFlops(findGpu(gpu), p));
    expect(rates('a100')).toEqual([312e12, 312e12, 312e12, 312e12]);
    expect(rates('h100')).toEqual([989e12, 1978e12, 989e12, 989e12]);
    expect(rates('b200')).toEqual([2250e12, 4500e12, 2250e12, 9000e12]);
    expect(peakFlops(findGpu('a100'), 'int8')).toBe(624e12);
  });

  test('8-bit integers are refused where engines have no kernels for them, with what would do', () => {
    for (const gpu of GPUS.filter(({ intOps8 }) => intOps8 === 0)) {
      expect(() => engineProfile({ model: 'llama-3.2-1b', gpu, weights: 'int8' })).toThrow(
        expect.objectContaining({ code: 'config.range', path: 'weights', hint: gpu.flops8 > 0 ? 'fp8' : 'int4' }),
      );
    }
    expect(GPUS.filter(({ intOps8 }) => intOps8 > 0).map(({ name }) => name)).toContain('h100');
  });

  test('attention and the output head stay at 16 bits: their time does not depend on it', () => {
    const [wide, narrow] = (['bf16', 'fp8'] as const).map(weights => engineProfile({ ...INPUT, weights }).cost);
    const attention = { tokens: 0, sampled: 0, attentionPairs: 1e9, kvTokens: 0 };
    const base = { ...attention, attentionPairs: 0 };
    const alone = (cost: typeof wide & object) => iterationMs(cost, attention) - iterationMs(cost, base);
    expect(alone(narrow!)).toBeCloseTo(alone(wide!), 9);
    expect(narrow!.flops16).toBe(wide!.flops16);
    expect(narrow!.flops).toBe(2 * wide!.flops);
  });

  test('fewer bits never make an iteration longer, nor the KV cache smaller', () => {
    fc.assert(
      fc.property(
        work,
        fc.constantFrom('llama-3.1-8b', 'mixtral-8x7b', 'qwen3-32b'),
        fc.constantFrom('a100', 'h100', 'b200'),
        fc.constantFrom(...KV_PRECISIONS),
        (done, model, gpu, kvCache) => {
          const of = (weights: (typeof WEIGHT_PRECISIONS)[number]) =>
            engineProfile({ model, gpu, tp: 2, weights, kvCache });
          const [wide, half, quarter] = [of('bf16'), of('fp8'), of('int4')];
          for (const narrow of [half, quarter]) {
            expect(iterationMs(narrow.cost, done)).toBeLessThanOrEqual(iterationMs(wide.cost, done));
            expect(narrow.totalBlocks).toBeGreaterThan(wide.totalBlocks);
          }
          expect(quarter.totalBlocks).toBeGreaterThan(half.totalBlocks);
        },
      ),
    );
  });
});

describe('the precision of the KV cache', () => {
  test('at 8 bits twice as much fits, half is read, and half crosses to other replicas', () => {
    const [wide, narrow] = (['bf16', 'fp8'] as const).map(kvCache => engineProfile({ ...INPUT, kvCache }));
    expect(Math.floor(narrow!.totalBlocks / 2)).toBe(wide!.totalBlocks);
    expect(narrow!.cost.kvBytesPerToken).toBe(wide!.cost.kvBytesPerToken / 2);
    expect(narrow!.kvTransferBytesPerToken).toBe(wide!.kvTransferBytesPerToken / 2);
    expect(narrow!.weightBytesPerGpu).toBe(wide!.weightBytesPerGpu);
    const reading = { tokens: 1, sampled: 1, attentionPairs: 1, kvTokens: 1e6 };
    expect(iterationMs(narrow!.cost, reading)).toBeLessThan(iterationMs(wide!.cost, reading));
  });
});
