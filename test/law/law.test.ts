import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

/** The parts whose imports are limited; everything else may import any part. */
const LIMITED = [
  'contract',
  'workload',
  'router',
  'pool',
  'identity',
  'protocols',
  'store',
  'telemetry',
  'models',
  'config',
];

/** Runs the law's lint rules on `src` below `cwd` and resolves to `path:line` of every report. */
function lint(cwd: string): string[] {
  const rules = ['--only=style/noRestrictedImports', '--only=style/noRestrictedGlobals'];
  const options = ['--reporter=github', '--max-diagnostics=none', '--colors=off'];
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const run = spawnSync(process.execPath, [biome, 'lint', ...rules, ...options, 'src'], { cwd, encoding: 'utf8' });
  const found = [...run.stdout.matchAll(/^::error .*?file=(.*?),line=(\d+),/gm)].map(([, file, line]) => {
    return `${file?.slice(file.lastIndexOf('src/'))}:${line}`;
  });
  if (run.status !== (found.length > 0 ? 1 : 0)) throw new Error(`biome failed:\n${run.stdout}${run.stderr}`);
  return [...new Set(found)].sort();
}

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts'))
    .map(path => join(directory, path))
    .sort();
}

/**
 * What the linter cannot see: `import()` of a computed name, and `import('…')` in a type. In a limited part `import()`
 * may name only a literal third-party or node: module, or a file beside it.
 */
function scan(file: string): number[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      /\bimport\s*\((?!\s*['"](?:[^#./'"][^'"]*|\.\/[\w-]+\.js)['"]\s*\))/.test(line) ? [index + 1] : [],
    );
}

function scanAll(base: string): string[] {
  return LIMITED.flatMap(part => {
    try {
      return sources(join(base, 'src', part));
    } catch {
      return [];
    }
  }).flatMap(file => scan(file).map(line => `${relative(base, file)}:${line}`));
}

describe('the law of the house', () => {
  const copy = mkdtempSync(join(tmpdir(), 'weir-law-'));
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test('reports every violation in the fixtures and nothing else', () => {
    cpSync(fixtures, copy, { recursive: true });
    cpSync(join(root, 'biome.json'), join(copy, 'biome.json'));
    const expected = sources(join(copy, 'src')).flatMap(file =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const by = line.endsWith('// bad') ? 'lint' : line.endsWith('// bad scan') ? 'scan' : undefined;
          return by === undefined ? [] : [{ by, at: `${relative(copy, file)}:${index + 1}` }];
        }),
    );
    const marked = (by: string) => expected.filter(entry => entry.by === by).map(entry => entry.at);
    expect(new Set(expected.map(entry => entry.at.split('/')[1]))).toEqual(new Set([...LIMITED, 'gateway']));
    expect(lint(copy)).toEqual(marked('lint').sort());
    expect(scanAll(copy)).toEqual(expect.arrayContaining(marked('scan')));
  });

  test('src keeps it', () => {
    expect(lint(root)).toEqual([]);
    expect(scanAll(root)).toEqual([]);
  });
});
