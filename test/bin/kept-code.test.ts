import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const KEPT_CODE = pathToFileURL(join(import.meta.dirname, '../../bin/kept-code.js')).href;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-kept-'));
  writeFileSync(join(folder, 'main.cjs'), `exports.said = () => require('./part.cjs').words('one');`);
  writeFileSync(join(folder, 'part.cjs'), `exports.words = first => first + ' and two';`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the two files say together, in a process of its own. */
function run(flags: readonly string[] = [], keeps = true): string {
  const bundle = JSON.stringify(pathToFileURL(`${folder}/`).href);
  const code = `const { runKept } = await import('${KEPT_CODE}');
    process.stdout.write(runKept(new URL(${bundle}), 'main.cjs', ${keeps}).said());`;
  const args = [...flags, '--input-type=module', '-e', code];
  return execFileSync(process.execPath, args, { encoding: 'utf8' });
}

const keptFolders = (): string[] => readdirSync(folder).filter(name => name.startsWith('compiled-'));
const kept = (name: string): string => join(folder, keptFolders()[0]!, name);
const written = (name: string): number => statSync(kept(name)).ino;

test('what was compiled is kept once, and taken the next time', () => {
  expect(run()).toBe('one and two');
  expect(readdirSync(join(folder, keptFolders()[0]!)).sort()).toEqual(['main.cjs', 'part.cjs']);
  const before = [written('main.cjs'), written('part.cjs')];
  expect(run()).toBe('one and two');
  // What had not been taken would have been written again.
  expect([written('main.cjs'), written('part.cjs')]).toEqual(before);
});

test('who keeps nothing takes what others kept', () => {
  expect(run([], false)).toBe('one and two');
  expect(keptFolders()).toEqual([]);
  run();
  expect(run([], false)).toBe('one and two');
});

test('a source that has changed is compiled anew, also where it is as long as before', () => {
  run();
  const before = [written('main.cjs'), written('part.cjs')];
  writeFileSync(join(folder, 'part.cjs'), `exports.words = first => first + ' and six';`);
  expect(run()).toBe('one and six');
  expect(written('main.cjs')).toBe(before[0]);
  expect(written('part.cjs')).not.toBe(before[1]);
});

test.each([
  ['empty', () => Buffer.alloc(0)],
  ['cut off', (bytes: Buffer) => bytes.subarray(0, 200)],
  [
    'changed in its middle',
    (bytes: Buffer) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 0xff : byte)),
  ],
])('kept code that is %s is compiled anew', (_, broken) => {
  run();
  const sound = readFileSync(kept('part.cjs'));
  writeFileSync(kept('part.cjs'), broken(sound));
  expect(run()).toBe('one and two');
  expect(readFileSync(kept('part.cjs')).length).toBeGreaterThan(200);
  expect(run()).toBe('one and two');
});

test('other flags of V8 have kept code of their own', () => {
  run();
  expect(run(['--max-semi-space-size=8'])).toBe('one and two');
  expect(keptFolders()).toHaveLength(2);
});

test('where nothing can be kept, all runs as it would', () => {
  run();
  const [name] = keptFolders();
  rmSync(join(folder, name!), { recursive: true });
  writeFileSync(join(folder, name!), 'a file in the way');
  expect(run()).toBe('one and two');
  expect(existsSync(join(folder, name!, 'main.cjs'))).toBe(false);
});
