import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const dist = join(import.meta.dirname, '../../dist');

test.each(['models/runtime/model-thread.js', 'store/record-worker.js'])('the thread %s is one file', file => {
  const code = readFileSync(join(dist, file), 'utf8');
  const imports = [...code.matchAll(/^import .* from ["'](.+)["'];$/gm)].map(([, from]) => from!);
  expect(imports).toContain('node:worker_threads');
  expect(imports.filter(from => /^[#.]/.test(from))).toEqual([]);
});

test('the bundle imports by what it is handed, for kept code cannot', () => {
  const folder = join(dist, 'bundle');
  const chunks = readdirSync(folder).filter(name => name.endsWith('.cjs'));
  const code = chunks.map(name => readFileSync(join(folder, name), 'utf8')).join('\n');
  expect(code).toMatch(/\bimportModule\("kysely"\)/);
  expect(code).not.toMatch(/\bimport\(/);
});
