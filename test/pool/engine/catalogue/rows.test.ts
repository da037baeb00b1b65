import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gpuRow, modelRow } from '#pool/engine/catalogue/schema.js';

const folder = join(import.meta.dirname, '../../../../src/pool/engine/catalogue');

test.each([
  ['gpus.json', gpuRow],
  ['models.json', modelRow],
] as const)('every row of %s is whole and in the form that rows of one’s own must have', (file, row) => {
  const rows: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  expect(row.array().min(5).parse(rows)).toEqual(rows);
});
