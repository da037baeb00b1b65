import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEMONSTRATION } from '#config/demonstration.js';
import { loadConfig } from '#config/load.js';
import { weir } from './run.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-init-'));
  file = join(folder, 'weir.yaml');
});

afterEach(() => rm(folder, { recursive: true }));

async function written() {
  const result = await loadConfig(file);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(result.warnings).toEqual([]);
  return result.config;
}

describe('init', () => {
  test.each([
    ['nothing said', [], 'llama3.2'],
    ['a server', ['--url', 'http://127.0.0.1:11434'], 'llama3.2'],
    ['a server and its model', ['--url', 'http://127.0.0.1:8000/v1', '--model', 'Qwen/Qwen3-8B'], 'Qwen/Qwen3-8B'],
    ['a model file', ['--gguf', 'models/Qwen3 8B.gguf'], 'Qwen3-8B'],
    ['a model whose name YAML would read otherwise', ['--model', '1.5'], '1.5'],
  ])('with %s writes a valid, commented file under ten lines', async (_, options, model) => {
    expect(await weir('init', file, ...options)).toMatchObject({ code: 0, stdout: '' });
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBeLessThan(10);
    expect(lines.some(line => line.startsWith('#'))).toBe(true);
    const { pool, router } = await written();
    expect(Object.keys(pool.models)).toEqual([model]);
    expect(router.decisions[0]?.models).toEqual([model]);
  });

  test('says that a model file is not there, and nothing where it is', async () => {
    const model = join(folder, 'model.gguf');
    const absent = await weir('init', file, '--gguf', model);
    expect(absent).toMatchObject({ code: 0, stderr: expect.stringContaining('model.gguf is not there yet') });
    await writeFile(model, 'GGUF');
    const present = await weir('init', file, '--force', '--gguf', model);
    expect(present).toMatchObject({ code: 0, stderr: expect.not.stringContaining('not there') });
  });

  test.each([
    [[], { engine: 'simulated', model: 'llama3.2' }],
    [['--demo'], { engine: 'demonstration' }],
    [['--url', 'http://127.0.0.1:9', '--model', 'm'], { engine: 'server', model: 'm', url: 'http://127.0.0.1:9' }],
    [['--gguf', 'Qwen3 8B.gguf'], { engine: 'gguf', model: 'Qwen3-8B', gguf: 'Qwen3 8B.gguf' }],
  ])('says with --json what it wrote: %j', async (options, told) => {
    const { code, stdout } = await weir('init', file, ...options, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { file, ...told }]);
    expect((await loadConfig(file)).ok).toBe(true);
  });

  test('fills in the server it is told', async () => {
    await weir('init', file, '--url', 'http://10.0.0.9:8000/v1/');
    expect((await written()).pool.pools.local?.replicas).toMatchObject([{ url: 'http://10.0.0.9:8000' }]);
  });

  describe('with a server that answers', () => {
    let server: Server;
    let url: string;
    let listed: readonly object[];

    beforeEach(async () => {
      listed = [{ id: 'bge-m3' }, { id: 'qwen3-8b', max_model_len: 40_960 }, { id: 'odd', max_model_len: 1000 }];
      server = createServer((_, response) => response.end(JSON.stringify({ object: 'list', data: listed })));
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(() => server.close());

    test.each([
      [
        'takes its first model for chat, and tells the others',
        [],
        'qwen3-8b',
        40_960,
        'serves qwen3-8b, odd; the file names qwen3-8b',
      ],
      ['takes the window of the model that is asked for', ['--model', 'odd'], 'odd', 1000, 'wrote'],
      [
        'says that it does not serve a model, and writes it',
        ['--model', 'qwen'],
        'qwen',
        8192,
        'serves no qwen; it serves qwen3-8b, odd',
      ],
    ])('%s', async (_, options, model, context, said) => {
      const { code, stderr } = await weir('init', file, '--url', url, ...options);
      expect([code, stderr]).toEqual([0, expect.stringContaining(said)]);
      expect((await written()).pool.models).toMatchObject({ [model]: { context } });
    });

    test('says that names and windows are guesses where it does not, and writes the file all the same', async () => {
      server.close();
      server.closeAllConnections();
      const { code, stderr } = await weir('init', file, '--url', url);
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/did not answer .*: the name of the model and its context window are guesses/),
      ]);
      expect(Object.keys((await written()).pool.models)).toEqual(['llama3.2']);
    });
  });

  test('refuses to overwrite a file, unless forced', async () => {
    await writeFile(file, 'mine');
    expect(await weir('init', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    expect(await readFile(file, 'utf8')).toBe('mine');
    expect(await weir('init', file, '--force')).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).not.toBe('mine');
  });

  test('--demo writes the demonstration', async () => {
    await weir('init', file, '--demo');
    expect(await readFile(file, 'utf8')).toBe(DEMONSTRATION);
  });

  test.each([
    ['--url', 'ftp://x'],
    ['--url', 'nowhere'],
    ['--model', 'two words'],
    ['--model', '"]}'],
  ])('refuses %s %s', async (option, value) => {
    expect(await weir('init', file, option, value)).toMatchObject({ code: 2, stdout: '' });
    await expect(readFile(file)).rejects.toThrow();
  });

  test('says when it cannot write', async () => {
    const missing = join(folder, 'none', 'weir.yaml');
    expect(await weir('init', missing)).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') });
  });
});
