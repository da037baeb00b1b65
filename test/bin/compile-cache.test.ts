import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const COMPILE_CACHE = pathToFileURL(join(import.meta.dirname, '../../bin/compile-cache.js')).href;

/** What V8 of a process says of its compiled code, and of its heap. */
function told(flags: readonly string[], before = ''): { tag: number; heap: number } {
  const code = `${before}
    const { cachedDataVersionTag, getHeapStatistics } = await import('node:v8');
    process.stdout.write(JSON.stringify({ tag: cachedDataVersionTag(), heap: getHeapStatistics().heap_size_limit }));`;
  const args = [...flags, '--input-type=module', '-e', code];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('compiled code is that of V8 without flags, and the heap as small as they say', () => {
  const plain = told([]);
  const flags = ['--max-semi-space-size=8', '--no-memory-reducer'];
  const flagged = told(flags);
  expect(flagged.tag).not.toBe(plain.tag);
  expect(flagged.heap).toBeLessThan(plain.heap);
  expect(told(flags, `await import('${COMPILE_CACHE}');`)).toEqual({ tag: plain.tag, heap: flagged.heap });
});
