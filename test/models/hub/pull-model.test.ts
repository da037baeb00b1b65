import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HubClient } from '#models/hub/hub-client.js';
import { parseHubId } from '#models/hub/hub-id.js';
import { COMMIT, sha256 } from './loopback-hub.js';
import { failing, fault, ID, MODEL, MODEL_FILE, PLAN, PullRun } from './pull-run.js';

let run: PullRun;

beforeEach(async () => {
  run = await PullRun.start();
});

afterEach(() => run.close());

describe('a model of the hub', () => {
  test('is fetched with what it takes to run it, the smallest of the usual files, and a manifest of all', async () => {
    const manifest = await run.pull();
    expect(manifest).toEqual({
      ...{ format: 1, id: ID, revision: 'main', commit: COMMIT, model: MODEL_FILE },
      files: ['config.json', 'tokenizer.json', 'tokenizer_config.json', MODEL_FILE].map(path => {
        const content = PLAN.files[path]!;
        return { path, size: content.length, sha256: sha256(content) };
      }),
    });
    for (const { path } of manifest.files) expect(run.contentOf(path), path).toBe(sha256(PLAN.files[path]!));
    expect(JSON.parse(readFileSync(join(run.folder, '../main.json'), 'utf8'))).toEqual(manifest);
    expect(run.cache.modelFiles(parseHubId(ID)!)).toEqual({
      file: join(run.folder, MODEL_FILE),
      tokenizer: join(run.folder, 'tokenizer.json'),
      config: join(run.folder, 'config.json'),
    });
    expect(readdirSync(run.folder, { recursive: true }).some(name => String(name).includes('.part'))).toBe(false);
  });

  test('is not fetched again where it is there; what is damaged is', async () => {
    await run.pull();
    const before = run.hub.seen.length;
    await run.pull();
    expect(run.hub.seen.slice(before).map(({ url }) => url)).toEqual([`/api/models/${ID}/revision/main?blobs=true`]);
    writeFileSync(join(run.folder, 'config.json'), '{"id2label":{"0":"x","1":"y"}}');
    await run.pull();
    expect(readFileSync(join(run.folder, 'config.json'))).toEqual(PLAN.files['config.json']);
    expect(run.asked('config.json').filter(({ url }) => url.includes('/config.json'))).toHaveLength(2);
  });

  test('is another file where one is named, with the weights beside it', async () => {
    const data = Buffer.from('weights');
    run.hub.plan = {
      ...PLAN,
      files: {
        ...PLAN.files,
        'onnx/model_fp16.onnx': MODEL,
        'onnx/model_fp16.onnx_data': data,
        'onnx/model_fp16.onnx_data_1': data,
      },
    };
    const { model, files } = await run.pull({ file: 'onnx/model_fp16.onnx' });
    expect(model).toBe('onnx/model_fp16.onnx');
    expect(files.map(({ path }) => path).slice(3)).toEqual([
      'onnx/model_fp16.onnx_data',
      'onnx/model_fp16.onnx_data_1',
      'onnx/model_fp16.onnx',
    ]);
    expect(run.cache.modelFiles(parseHubId(ID)!)?.file).toBe(join(run.folder, model));
  });

  test('is kept by the revision that was asked for; revisions of one commit share its files', async () => {
    run.hub.plan = { ...PLAN, revisions: ['main', 'refs/pr/3'] };
    await run.pull();
    const before = run.hub.seen.length;
    await run.pull({ id: `${ID}@refs/pr/3` });
    expect(run.hub.seen.slice(before)).toHaveLength(1);
    expect(run.cache.list().map(({ revision }) => revision)).toEqual(['main', 'refs/pr/3']);
    expect(run.cache.removeRevision(parseHubId(ID)!)).toBe(true);
    expect(run.cache.modelFiles(parseHubId(ID)!)).toBeUndefined();
    expect(run.cache.modelFiles(parseHubId(`${ID}@refs/pr/3`)!)).toBeDefined();
    expect(run.cache.removeRevision(parseHubId(ID)!)).toBe(false);
    expect(run.cache.removeRevision(parseHubId(`${ID}@refs/pr/3`)!)).toBe(true);
    expect(readdirSync(join(run.root, 'hub'))).toEqual([]);
  });

  test('is not there for a configuration while a file of it is missing or short', async () => {
    await run.pull();
    writeFileSync(join(run.folder, MODEL_FILE), 'short');
    expect(run.cache.modelFiles(parseHubId(ID)!)).toBeUndefined();
  });
});

describe('the token', () => {
  test('is shown to the hub alone, through every redirect', async () => {
    run.hub.plan = { ...PLAN, token: 'hf_secret', hops: 3 };
    await run.pull({ token: 'hf_secret' });
    const to = (server: string) => run.hub.seen.filter(one => one.server === server);
    expect(to('hub').every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
    expect(to('store')).toHaveLength(4);
    expect(to('store').every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test.each([
    ['private or not there', {}, 'is not there, or is not for everyone'],
    ['behind terms', { gated: true as const }, 'has accepted its terms'],
  ])('is asked for where the model is %s', async (_, more, message) => {
    run.hub.plan = { ...PLAN, token: 'hf_secret', ...more };
    await expect(run.pull()).rejects.toEqual(failing('hub.forbidden', message));
    await expect(run.pull({ token: 'hf_wrong' })).rejects.toMatchObject({ hint: expect.stringContaining('HF_TOKEN') });
  });

  test('with characters that no token has is told without being shown', () => {
    const make = () => new HubClient({ endpoint: run.hub.endpoint, token: 'hf_secret\n' });
    expect(make).toThrow(failing('usage.invalid', 'HF_TOKEN has'));
    expect(make).not.toThrow('hf_secret');
  });
});

describe('a file that breaks off', () => {
  test('goes on where it stopped', async () => {
    run.hub.plan = fault({ cutAfter: 100_000, times: 2 });
    const { files } = await run.pull();
    expect(files.at(-1)?.sha256).toBe(sha256(MODEL));
    const ranges = run.hub.seen.filter(({ server }) => server === 'store').map(({ range }) => range);
    expect(ranges).toHaveLength(3);
    expect(ranges.slice(1).every(range => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
  });

  test('is kept as far as it came, and the next run goes on', async () => {
    run.hub.plan = fault({ cutAfter: 10_000 });
    await expect(run.pull()).rejects.toEqual(failing('hub.unreachable', 'broke off 5 times'));
    expect(run.cache.modelFiles(parseHubId(ID)!)).toBeUndefined();
    expect(existsSync(join(run.folder, MODEL_FILE))).toBe(false);
    const left = readFileSync(run.partOf(MODEL_FILE));
    expect(left.length).toBeGreaterThan(0);
    expect(sha256(left)).toBe(sha256(MODEL.subarray(0, left.length)));
    run.hub.plan = PLAN;
    const before = run.hub.seen.length;
    await run.pull();
    expect(run.hub.seen.slice(before).find(({ server }) => server === 'store')?.range).toBe(`bytes=${left.length}-`);
    expect(run.contentOf(MODEL_FILE)).toBe(sha256(MODEL));
  });

  test('begins again where the server knows no ranges, and where what is there is no beginning of it', async () => {
    run.hub.plan = fault({ noRanges: true });
    mkdirSync(join(run.folder, 'onnx'), { recursive: true });
    writeFileSync(run.partOf(MODEL_FILE), MODEL.subarray(0, 5000));
    await run.pull();
    expect(run.contentOf(MODEL_FILE)).toBe(sha256(MODEL));
    expect(run.hub.seen.filter(({ server }) => server === 'store')).toHaveLength(1);

    for (const [left, requests] of [
      [Buffer.alloc(5000, 'x'), 2],
      [Buffer.alloc(MODEL.length, 'x'), 1],
      [Buffer.alloc(MODEL.length + 1, 'x'), 1],
    ] as const) {
      run.hub.plan = PLAN;
      rmSync(join(run.folder, MODEL_FILE));
      writeFileSync(run.partOf(MODEL_FILE), left);
      const before = run.hub.seen.length;
      await run.pull();
      expect(run.contentOf(MODEL_FILE)).toBe(sha256(MODEL));
      expect(run.hub.seen.slice(before).filter(({ server }) => server === 'store')).toHaveLength(requests);
    }
  });
});
