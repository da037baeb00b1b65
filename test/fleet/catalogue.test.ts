import { describe, expect, test } from 'vitest';
import { catalogueWith, priceOf } from '#fleet/catalogue.js';
import { catalogueFile } from '#pool/engine/catalogue/schema.js';
import { findGpu, GPUS } from '#pool/engine/hardware.js';
import { findModel, MODELS } from '#pool/engine/models.js';
import { engineProfile } from '#pool/engine/profile.js';

describe('the built-in catalogue', () => {
  test.each(GPUS.map(gpu => [gpu.name, gpu] as const))(
    '%s says where its numbers and each of its prices are from',
    (_, gpu) => {
      expect(gpu.source).toMatch(/data sheet/);
      expect(gpu.prices.some(({ kind }) => kind === 'on_demand')).toBe(true);
      for (const { source, date, usd_per_hour: usd } of gpu.prices) {
        expect(source).toMatch(/^https:\/\/|arXiv|price list|Billing/);
        expect(Date.parse(date)).toBeGreaterThan(Date.parse('2025-01-01'));
        expect(usd).toBeLessThan(50);
      }
    },
  );

  test('each model names the file that its dimensions are from', () => {
    expect(MODELS.length).toBeGreaterThan(10);
    for (const { hub } of MODELS) expect(hub).toMatch(/^[\w-]+\/[\w.-]+$/);
  });

  test('a price is found by kind and provider, and what there is is named where it is not', () => {
    const h100 = findGpu('h100');
    expect(priceOf(h100, { kind: 'on_demand' }).usd_per_hour).toBe(h100.usdPerHour);
    expect(priceOf(h100, { kind: 'reserved', provider: 'Hyperstack' })).toMatchObject({
      kind: 'reserved',
      provider: 'hyperstack',
    });
    expect(() => priceOf(findGpu('b60'), { kind: 'spot' })).toThrow(
      expect.objectContaining({ code: 'config.unknown_reference', hint: expect.stringContaining('on_demand of') }),
    );
  });
});

describe('a catalogue of one’s own', () => {
  const gpu = {
    ...{ name: 'h100', memory_bytes: 1e11, bandwidth_tbps: 3, tflops_16: 900, link_gbps: 400, board_watts: 700 },
    prices: [{ kind: 'reserved', usd_per_hour: 1, provider: 'us', date: '2026-01', source: 'our contract' }],
    source: 'our data sheet',
  };
  const model = {
    ...{
      hub: 'us/Tiny-1B-Instruct',
      layers: 2,
      hidden: 64,
      intermediate: 128,
      vocabulary: 1000,
      tied: true,
      context: 4096,
    },
    attention: { kind: 'grouped', heads: 4, kv_heads: 2, head_dim: 16 },
    source: 'our config.json',
  };

  test('goes before the built-in one, and the engine model takes it', () => {
    const { gpus, models } = catalogueWith(catalogueFile.parse({ gpus: [gpu], models: [model] }));
    const found = findGpu('H100 SXM', gpus);
    expect(found).toMatchObject({ memory: 1e11, usdPerHour: 1, mfu: 0.6, power: { idle: 301 } });
    expect(findGpu('a100', gpus)).toBe(findGpu('a100'));
    expect(engineProfile({ model: findModel('tiny-1b', models), gpu: found }).totalBlocks).toBeGreaterThan(1000);
  });

  test.each([
    ['a row without a source', { gpus: [{ ...gpu, source: undefined }] }],
    ['a price without a date', { gpus: [{ ...gpu, prices: [{ ...gpu.prices[0], date: undefined }] }] }],
    ['a GPU without a price', { gpus: [{ ...gpu, prices: [] }] }],
    ['a name that nobody can ask for', { gpus: [{ ...gpu, name: 'H 100' }] }],
    ['a share above one', { gpus: [{ ...gpu, mfu: 1.5 }] }],
    ['what it does not know', { gpus: [{ ...gpu, colour: 'green' }] }],
    ['attention of no kind', { models: [{ ...model, attention: { kind: 'other' } }] }],
  ])('refuses %s', (_, file) => {
    expect(catalogueFile.safeParse(file).success).toBe(false);
  });
});
