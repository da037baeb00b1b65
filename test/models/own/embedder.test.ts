import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import { learnedSchema } from '#router/learned-schema.js';
import { writeWordVectors } from './word-model.js';

const root = mkdtempSync(join(tmpdir(), 'weir-embedder-'));
const host = new ModelHost(machineClock);
const BLANK = [0, 0, 0, 0, 0, 0, 0, 0];
const WORDS = {
  red: [1, ...BLANK],
  blue: [0, 1, ...BLANK.slice(1)],
  query: [0, 0, 1, ...BLANK.slice(2)],
};
let path: string;

beforeAll(() => {
  path = writeWordVectors(join(root, 'words'), WORDS);
});

afterAll(async () => {
  await host.close();
  rmSync(root, { recursive: true, force: true });
});

async function leading(given: object, texts: readonly string[]): Promise<number[][]> {
  const settings = learnedSchema.parse({ embedders: { own: { path, ...given } } });
  const vectors = await host.embedder('own', settings).embed(texts);
  return vectors.map(vector => [...vector.subarray(0, 3)].map(value => Math.round(value * 100) / 100));
}

describe('an embedder out of a folder of one’s own', { timeout: 60_000 }, () => {
  test.each([
    ['mean', [0.89, 0.45, 0]],
    ['first', [1, 0, 0]],
    ['last', [0, 1, 0]],
  ])('pools by the %s, whatever is padded beside it', async (pooling, vector) => {
    const [alone] = await leading({ pooling }, ['red red blue']);
    expect(alone).toEqual(vector);
    const [, beside] = await leading({ pooling, length: 64 }, ['blue blue blue blue blue red', 'red red blue']);
    expect(beside).toEqual(vector);
  });

  test('puts the prefix before every text', async () => {
    expect(await leading({ pooling: 'first', prefix: 'query ' }, ['red', 'blue'])).toEqual([
      [0, 0, 1],
      [0, 0, 1],
    ]);
    expect(await leading({ prefix: 'query ' }, ['red'])).toEqual([[0.71, 0, 0.71]]);
  });

  test('keeps the leading numbers, of length 1 again', async () => {
    const settings = learnedSchema.parse({ embedders: { own: { path, dimension: 8 } } });
    const [vector] = await host.embedder('own', settings).embed(['red blue']);
    expect(vector).toHaveLength(8);
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 5);
  });

  test('of a text that is too long it reads beginning and end', async () => {
    const long = `${'red '.repeat(100)}${'query '.repeat(100)}${'blue '.repeat(100)}`;
    const [vector] = await leading({ length: 8 }, [long]);
    expect(vector).toEqual([0.95, 0.32, 0]);
  });
});
