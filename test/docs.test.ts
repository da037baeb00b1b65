import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema } from '#config/json-schema.js';
import { ERRORS } from '#contract/errors.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFile(`${root}/${path}`, 'utf8');

test('generated files are what the code would generate now', async () => {
  const stale = await promisify(execFile)(process.execPath, ['scripts/docs.mjs', '--check'], { cwd: root }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  );
  expect(stale).toBe('');
});

test('the error reference has every code', async () => {
  const reference = await read('docs/reference/errors.md');
  expect(Object.keys(ERRORS).filter(code => !reference.includes(`\`${code}\``))).toEqual([]);
});

/** Every key of the schema with its path. */
function* keys(schema: JsonSchema, path: string): Generator<readonly [string, JsonSchema]> {
  for (const inner of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) yield* keys(inner, path);
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`;
    yield [at, inner];
    yield* keys(inner, at);
  }
  if (typeof schema.additionalProperties === 'object') yield* keys(schema.additionalProperties, `${path}.<name>`);
  if (typeof schema.items === 'object') yield* keys(schema.items, `${path}[]`);
}

test('every key of the configuration is described, and is in the reference', async () => {
  const reference = await read('docs/reference/configuration.md');
  const all = [...keys(configJsonSchema(), '')];
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(([, { description }]) => description === undefined).map(([path]) => path)).toEqual([]);
  const missing = all
    .filter(([path]) => path.includes('.') && !reference.includes(`\`${path}\``))
    .map(([path]) => path);
  expect(missing).toEqual([]);
});
