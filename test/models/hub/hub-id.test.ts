import { isAbsolute, relative, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HubCache } from '#models/hub/hub-cache.js';
import { formatHubId, parseHubId } from '#models/hub/hub-id.js';
import { isSafePath } from '#models/hub/safe-path.js';

const COMMIT = 'a'.repeat(40);
const part = fc.stringMatching(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,20}[A-Za-z0-9_])?$/);
const near = fc.string({
  unit: fc.constantFrom('a', 'a', 'B', 'B', '7', '_', '-', '-', '.', '/', '@', '%', '\\', '\0'),
  maxLength: 5,
});

describe('an id of the hub', () => {
  test.each([
    ['Xenova/bge-small-en-v1.5', { owner: 'Xenova', name: 'bge-small-en-v1.5', revision: 'main' }],
    ['Xenova/bge-small-en-v1.5@v2', { owner: 'Xenova', name: 'bge-small-en-v1.5', revision: 'v2' }],
    ['a/b@refs/pr/3', { owner: 'a', name: 'b', revision: 'refs/pr/3' }],
  ])('is read with its revision: %s', (text, id) => {
    expect(parseHubId(text)).toEqual(id);
  });

  test.each([
    ...[
      'bert',
      '/models/bert',
      './models/bert',
      '../bert',
      'a/b/c',
      'a//b',
      'a/',
      '/b',
      'a/..',
      '../b',
      'a/b--c',
      'a/b..c',
    ],
    ...[
      'a/-b',
      'a/b.',
      'a/b@',
      'a/b@..',
      'a/b@/x',
      'a/b@x/../y',
      'a/b@-x',
      'a/b@c@d',
      'C:\\m/b',
      'a b/c',
      'models/x.onnx',
    ],
    ...[`a/${'b'.repeat(97)}`, `a/b@${'c'.repeat(129)}`, 'a/b\n', 'a/b@main\n'],
  ])('is no path and nothing else: %j', text => {
    expect(parseHubId(text)).toBeUndefined();
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(part, part, fc.option(part, { nil: undefined }), (owner, name, revision) => {
        const text = `${owner}/${name}${revision === undefined ? '' : `@${revision}`}`;
        const id = parseHubId(text);
        fc.pre(id !== undefined);
        expect(formatHubId(id)).toBe(revision === 'main' ? `${owner}/${name}` : text);
        expect(parseHubId(formatHubId(id))).toEqual(id);
      }),
    );
  });

  test('never leaves the cache, whatever it is made of, and no two share a folder', () => {
    const cache = new HubCache('/cache');
    const folders = new Map<string, string>();
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          near,
          fc.tuple(near, near).map(parts => parts.join('/')),
        ),
        text => {
          const id = parseHubId(text);
          if (id === undefined) return;
          read++;
          const inside = relative('/cache/hub', resolve(cache.folder(id, COMMIT)));
          expect(isAbsolute(inside) || inside.startsWith('..')).toBe(false);
          expect(inside.split('/')).toHaveLength(2);
          const owner = `${id.owner}/${id.name}`;
          expect(folders.get(inside) ?? owner).toBe(owner);
          folders.set(inside, owner);
        },
      ),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(50);
  });
});

describe('a path of a repository', () => {
  test('is taken only where it stays in its folder', () => {
    const names = fc.array(
      fc.constantFrom('..', '.', '', 'a', 'onnx', '.git', 'b.onnx', 'a..b', 'x.part', 'a\\b', 'c:d'),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(names, parts => {
        const path = parts.join('/');
        if (!isSafePath(path)) return;
        expect(relative('/folder', resolve('/folder', path))).toBe(path);
        expect(path).not.toMatch(/(?:^|\/)\.|\\|:|\.part$/);
      }),
    );
    expect(['config.json', 'onnx/model.onnx', 'onnx/model.onnx_data'].every(isSafePath)).toBe(true);
    expect(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', 'a/b/c/d/e', 'x'.repeat(257)].some(isSafePath)).toBe(false);
  });
});
