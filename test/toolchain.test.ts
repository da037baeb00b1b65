import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Manifest {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  imports: Record<string, Record<string, string>>;
}
interface Lock {
  packages: Record<
    string,
    { hasInstallScript?: boolean; resolved?: string; integrity?: string; optionalDependencies?: Record<string, string> }
  >;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as Lock;

const MAX_LINES = 500;

/** Packages with an install script, which `ignore-scripts` skips, and why nothing is missed. */
const SKIPPED_INSTALL_SCRIPTS: Record<string, string> = {
  'node_modules/@photostructure/sqlite': 'ships prebuilt binaries; the script only compiles where there is none',
  'node_modules/onnxruntime-node': 'ships its CPU libraries; the script fetches those for GPUs',
  'node_modules/zeromq':
    'a peer that only KV events need; ships prebuilt binaries, the script compiles where there is none',
  'node_modules/fsevents': 'optional, macOS only, ships its binary',
};

describe('dependencies', () => {
  test('are pinned to exact versions', () => {
    const loose = Object.entries({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    }).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
  });

  test('need no install script', () => {
    const scripted = Object.keys(lock.packages).filter(path => lock.packages[path]?.hasInstallScript);
    expect(scripted.filter(path => !(path in SKIPPED_INSTALL_SCRIPTS))).toEqual([]);
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  });

  test('are locked for every platform, as npm ci demands', () => {
    const missing = Object.values(lock.packages)
      .flatMap(entry => Object.keys(entry.optionalDependencies ?? {}))
      .filter(name => !Object.keys(lock.packages).some(path => path.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });

  test('are locked with the checksum of each', () => {
    const unchecked = Object.keys(lock.packages).filter(path => path !== '' && !lock.packages[path]?.integrity);
    expect(unchecked).toEqual([]);
  });

  test('are locked without naming a registry', () => {
    expect(Object.keys(lock.packages).filter(path => lock.packages[path]?.resolved !== undefined)).toEqual([]);
  });
});

describe('src', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.ts'),
  );

  test('has an import alias for every part', () => {
    const parts = new Set(files.filter(path => path.includes('/')).map(path => path.split('/')[0]));
    expect([...parts].filter(part => manifest.imports[`#${part}/*.js`] === undefined)).toEqual([]);
  });

  test(`has no file over ${MAX_LINES} lines without a reason in its head comment`, () => {
    const tooLong = files.filter(path => {
      const text = read(join('src', path));
      const head = /^(?:#![^\n]*\n)?\s*(?:\/\*[\s\S]*?\*\/|(?:\/\/[^\n]*\n?)+)/.exec(text)?.[0] ?? '';
      return text.trimEnd().split('\n').length > MAX_LINES && !head.includes('Long because:');
    });
    expect(tooLong).toEqual([]);
  });
});
