import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { miniLmFile, weightsFileOf } from '#models/minilm/package.js';

const cache = mkdtempSync(join(tmpdir(), 'weir-minilm-'));

afterAll(() => rmSync(cache, { recursive: true }));

describe.each(['int8', 'fp32'] as const)('the model that comes with Weir, in %s', precision => {
  test('is written once, and anew where a file of it was cut off', () => {
    const file = miniLmFile(cache, precision);
    const written = statSync(file);
    const weights = statSync(weightsFileOf(file));
    miniLmFile(cache, precision);
    expect([statSync(file).ino, statSync(weightsFileOf(file)).ino]).toEqual([written.ino, weights.ino]);
    for (const part of [file, weightsFileOf(file)]) {
      truncateSync(part, 1000);
      expect(miniLmFile(cache, precision)).toBe(file);
      expect([statSync(file).size, statSync(weightsFileOf(file)).size]).toEqual([written.size, weights.size]);
    }
  });
});
