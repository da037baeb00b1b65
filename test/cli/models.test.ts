import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COMMIT, type LoopbackHub, sha256, startLoopbackHub } from '../models/hub/loopback-hub.js';
import { writeWordModel, writeWordVectors } from '../models/own/word-model.js';
import { weir } from './run.js';
import { serve } from './served.js';

const ID = 'acme/words';
const before = process.cwd();
let folder: string;
let hub: LoopbackHub;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-models-'));
  process.chdir(folder);
  const made = writeWordModel(join(folder, 'made'), ['safe', 'toxic'], { hello: [3, 0], idiot: [0, 5], you: [0, 0.5] });
  hub = await startLoopbackHub({ id: ID, files: filesIn(made), large: ['onnx/model.onnx'], token: 'hf_words' });
  vi.stubEnv('HF_ENDPOINT', `${hub.endpoint}/`);
  vi.stubEnv('HF_TOKEN', 'hf_words');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  process.chdir(before);
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

function filesIn(path: string): Record<string, Buffer> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(path.length + 1), readFileSync(file)];
    }),
  );
}

function configure(id: string): void {
  writeFileSync(
    'weir.yaml',
    `router:
  learned: { patience: 20s, classifiers: { words: { path: ${id}, neutral: safe, check: [{ text: hello, label: safe }] } } }
  decisions:
    - { name: rest, when: otherwise, models: [small] }
pool:
  models: { small: {} }
  pools: { gpu: { model: small, replicas: [http://127.0.0.1:1] } }
`,
  );
}

describe('weir models', { timeout: 60_000 }, () => {
  test('a model is pulled, classifies by its id, is listed and removed', async () => {
    configure(ID);
    const pulled = await weir('models', 'pull', ID, '--json');
    expect(pulled).toMatchObject({ code: 0 });
    expect(pulled.stderr).toMatch(/^weir: onnx\/model\.onnx: \d+\.\d kB$/m);
    const { cache, models } = JSON.parse(pulled.stdout);
    const [model] = models;
    expect(cache).toBe('.weir/models');
    expect(model).toMatchObject({ name: ID, revision: 'main', commit: COMMIT, file: 'onnx/model.onnx', whole: true });
    for (const { path, sha256: told } of model.files) {
      expect(told).toBe(sha256(readFileSync(join(folder, `.weir/models/hub/acme--words/${COMMIT}`, path))));
    }
    // From here on there is no hub.
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1');
    const said = await weir('classify', '--classifier', 'words', 'you idiot');
    expect(JSON.parse(said.stdout)).toMatchObject({ label: 'toxic', tier: 'model' });
    expect(await weir('check')).toMatchObject({ code: 0 });

    const listed = JSON.parse((await weir('models', 'list', '--json')).stdout);
    expect(listed.models).toEqual(models);
    expect(listed.bytes).toBeGreaterThan(model.bytes);
    expect((await weir('models', 'list')).stdout).toContain(ID);
    expect(await weir('models', 'remove', ID)).toMatchObject({ code: 0, stdout: `${ID} is removed\n` });
    expect((await weir('models', 'list')).stdout).toBe('no models of the hub in .weir/models\n');
    const again = await weir('models', 'remove', ID);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('hub.not_found') });
  });

  test('all that the configuration names are pulled where no id is given', async () => {
    configure(join(folder, 'made'));
    expect(await weir('models', 'pull')).toMatchObject({
      code: 0,
      stdout: 'the configuration names no model of the hub\n',
    });
    configure(`${ID}@v2`);
    hub.plan = { ...hub.plan, revisions: ['v2'] };
    expect(await weir('models', 'pull')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^acme\/words@v2 is c0ff/),
    });
    expect(await weir('check')).toMatchObject({ code: 0 });
    expect(await weir('models', 'pull', '--file', 'x.onnx')).toMatchObject({ code: 2 });
  });

  test('a revision and a cache of one’s own', async () => {
    const id = `${ID}@v2`;
    hub.plan = { ...hub.plan, revisions: ['v2'] };
    expect(await weir('models', 'pull', ID, '--revision', 'v2', '--cache', 'kept')).toMatchObject({ code: 0 });
    expect((await weir('models', 'list', '--cache', 'kept')).stdout).toMatch(
      /^acme\/words@v2 +c0ffee00c0ff +onnx\/model\.onnx/,
    );
    expect(await weir('models', 'remove', ID, '--cache', 'other')).toMatchObject({ code: 2 });
    expect(await weir('models', 'pull', id, '--revision', 'v2')).toMatchObject({ code: 2 });
    expect(await weir('models', 'remove', id, '--cache', 'kept', '--json')).toMatchObject({ code: 0 });
    expect(JSON.parse((await weir('models', 'list', '--cache', 'kept', '--json')).stdout).models).toEqual([]);
  });

  test.each([
    [['pull', '../etc'], {}, 'usage.invalid'],
    [['pull', ID, '--max-size', '100B'], {}, 'hub.too_large'],
    [['pull', 'acme/other'], {}, 'hub.not_found'],
    [['pull', ID], { HF_TOKEN: '' }, 'hub.forbidden'],
    [['pull', ID], { HF_ENDPOINT: 'http://127.0.0.1:1' }, 'hub.unreachable'],
    [['pull', ID], { HF_ENDPOINT: 'ftp://hub' }, 'usage.invalid'],
  ])('%j with %j: %s', async (words, env, code) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const ended = await weir('models', ...words);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining(`weir: ${code}: `) });
    expect(ended.stderr).not.toContain('hf_words');
  });

  test('a model that is not in the cache refuses check and serve, and says what to run', async () => {
    configure(ID);
    const checked = await weir('check');
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/^weir\.yaml:2:\d+ error hub\.not_pulled: acme\/words is no path here/m);
    expect(checked.stdout).toContain(`run: weir models pull ${ID}\n`);
    await expect(serve(folder)).rejects.toThrow(/ended with 2: .*hub\.not_pulled.*run: weir models pull acme\/words/s);
    expect(hub.seen).toEqual([]);
  });

  test('a path that is there goes before an id that looks the same', async () => {
    writeWordModel(join(folder, ID), ['safe', 'rude'], { hello: [3, 0], idiot: [0, 5] });
    configure(ID);
    expect(await weir('models', 'pull', ID)).toMatchObject({ code: 0 });
    const said = await weir('classify', '--classifier', 'words', 'you idiot');
    expect(JSON.parse(said.stdout)).toMatchObject({ label: 'rude' });
  });

  test('a running gateway does not take a configuration whose model is not there', async () => {
    configure(join(folder, 'made'));
    const good = readFileSync('weir.yaml', 'utf8');
    const served = await serve(folder);
    try {
      const answer = await fetch(`${served.url}/api/configuration`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text: good.replace(join(folder, 'made'), ID) }),
      });
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain('hub.not_pulled');
      expect(readFileSync('weir.yaml', 'utf8')).toBe(good);

      configure(ID);
      await expect.poll(() => served.said()).toContain('the one before stays in force');
      expect(served.said()).toContain(`run: weir models pull ${ID}`);
      // While it serves, all that it says is one JSON object a line.
      const lines = served.said().trimEnd().split('\n');
      const told = JSON.parse(lines.find(line => line.includes('the one before stays in force')) ?? '');
      expect(told).toMatchObject({ file: expect.stringMatching(/weir\.yaml$/), problems: 1 });
      expect(told.errors).toEqual([expect.stringMatching(/^\d+:\d+ hub\.not_pulled: .* \(router\.learned\./)]);
      const inForce = async () => {
        const shown = await (await fetch(`${served.url}/api/configuration`)).json();
        return (shown as { readonly text: string }).text;
      };
      expect(await inForce()).toBe(good);

      expect(await weir('models', 'pull', ID)).toMatchObject({ code: 0 });
      writeFileSync('weir.yaml', readFileSync('weir.yaml', 'utf8').replace('rest', 'other'));
      await expect.poll(inForce).toContain(`path: ${ID},`);
    } finally {
      await served.dispose();
    }
  });

  test('an embedder by its id', async () => {
    const words = { red: [1, 0, 0, 0, 0, 0, 0, 0], blue: [0, 1, 0, 0, 0, 0, 0, 0] };
    hub.plan = { ...hub.plan, id: 'acme/vectors', files: filesIn(writeWordVectors(join(folder, 'vectors'), words)) };
    expect(await weir('models', 'pull', 'acme/vectors')).toMatchObject({ code: 0 });
    writeFileSync(
      'weir.yaml',
      `router:
  learned: { patience: 20s, embedder: own, embedders: { own: { path: acme/vectors } } }
  routes: { warm: [red], cold: [blue] }
  decisions: [{ name: rest, when: otherwise, models: [small] }]
pool: { models: { small: {} }, pools: { gpu: { model: small, replicas: [http://127.0.0.1:1] } } }
`,
    );
    const said = await weir('classify', '--kind', 'routes', 'red red red');
    expect(JSON.parse(said.stdout)).toMatchObject({ label: 'warm', tier: 'model' });
  });
});
