import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HubCache } from '#models/hub/hub-cache.js';
import { HubClient } from '#models/hub/hub-client.js';
import { parseHubId } from '#models/hub/hub-id.js';
import { pullModel } from '#models/hub/pull-model.js';
import { COMMIT, type HubPlan, type LoopbackHub, sha256, startLoopbackHub } from './loopback-hub.js';

const ID = 'acme/tiny';
/** Larger than what a socket takes at once, so that it can break off in the middle. */
const MODEL = Buffer.alloc(300_000, 'The weights of a model. ');
const PLAN: HubPlan = {
  id: ID,
  files: {
    'README.md': Buffer.from('# Tiny'),
    'config.json': Buffer.from('{"id2label":{"0":"a","1":"b"}}'),
    'tokenizer.json': Buffer.from('{"model":{}}'),
    'tokenizer_config.json': Buffer.from('{"pad_token":"[PAD]"}'),
    'onnx/model.onnx': Buffer.alloc(400_000, 'more'),
    'onnx/model_quantized.onnx': MODEL,
  },
  large: ['onnx/model.onnx', 'onnx/model_quantized.onnx'],
};
const MODEL_FILE = 'onnx/model_quantized.onnx';

let root: string;
let cache: HubCache;
let hub: LoopbackHub;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'weir-pull-'));
  cache = new HubCache(root);
  hub = await startLoopbackHub(PLAN);
});

afterEach(async () => {
  await hub.close();
  rmSync(root, { recursive: true, force: true });
});

interface Ask {
  readonly id?: string;
  readonly token?: string;
  readonly file?: string;
  readonly maxSize?: number;
}

function pull({ id = ID, token, file, maxSize = 2e9 }: Ask = {}) {
  const client = new HubClient({ endpoint: hub.endpoint, token });
  return pullModel(parseHubId(id)!, { hub: client, cache, file, maxSize, progress: () => {} });
}

const folder = (): string => cache.folder(parseHubId(ID)!, COMMIT);
const partOf = (file: string): string => join(folder(), `${file}.part`);
const fault = (given: object): HubPlan => ({ ...PLAN, faults: { [MODEL_FILE]: given } });
const asked = (text: string) => hub.seen.filter(({ url }) => url.includes(text));
const error = (code: string, message = ''): object =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('a model of the hub', () => {
  test('is fetched with what it takes to run it, the smallest of the usual files, and a manifest of all', async () => {
    const manifest = await pull();
    expect(manifest).toEqual({
      ...{ format: 1, id: ID, revision: 'main', commit: COMMIT, model: MODEL_FILE },
      files: ['config.json', 'tokenizer.json', 'tokenizer_config.json', MODEL_FILE].map(path => {
        const content = PLAN.files[path]!;
        return { path, size: content.length, sha256: sha256(content) };
      }),
    });
    for (const { path } of manifest.files) expect(readFileSync(join(folder(), path))).toEqual(PLAN.files[path]);
    expect(JSON.parse(readFileSync(join(folder(), '../main.json'), 'utf8'))).toEqual(manifest);
    expect(cache.modelFiles(parseHubId(ID)!)).toEqual({
      file: join(folder(), MODEL_FILE),
      tokenizer: join(folder(), 'tokenizer.json'),
      config: join(folder(), 'config.json'),
    });
    expect(readdirSync(folder(), { recursive: true }).some(name => String(name).includes('.part'))).toBe(false);
  });

  test('is not fetched again where it is there; what is damaged is', async () => {
    await pull();
    const before = hub.seen.length;
    await pull();
    expect(hub.seen.slice(before).map(({ url }) => url)).toEqual([`/api/models/${ID}/revision/main?blobs=true`]);
    writeFileSync(join(folder(), 'config.json'), '{"id2label":{"0":"x","1":"y"}}');
    await pull();
    expect(readFileSync(join(folder(), 'config.json'))).toEqual(PLAN.files['config.json']);
    expect(asked('config.json').filter(({ url }) => url.includes('/config.json'))).toHaveLength(2);
  });

  test('is another file where one is named, with the weights beside it', async () => {
    const data = Buffer.from('weights');
    hub.plan = {
      ...PLAN,
      files: {
        ...PLAN.files,
        'onnx/model_fp16.onnx': MODEL,
        'onnx/model_fp16.onnx_data': data,
        'onnx/model_fp16.onnx_data_1': data,
      },
    };
    const { model, files } = await pull({ file: 'onnx/model_fp16.onnx' });
    expect(model).toBe('onnx/model_fp16.onnx');
    expect(files.map(({ path }) => path).slice(3)).toEqual([
      'onnx/model_fp16.onnx_data',
      'onnx/model_fp16.onnx_data_1',
      'onnx/model_fp16.onnx',
    ]);
    expect(cache.modelFiles(parseHubId(ID)!)?.file).toBe(join(folder(), model));
  });

  test('is kept by the revision that was asked for; revisions of one commit share its files', async () => {
    hub.plan = { ...PLAN, revisions: ['main', 'refs/pr/3'] };
    await pull();
    const before = hub.seen.length;
    await pull({ id: `${ID}@refs/pr/3` });
    expect(hub.seen.slice(before)).toHaveLength(1);
    expect(cache.list().map(({ revision }) => revision)).toEqual(['main', 'refs/pr/3']);
    expect(cache.removeRevision(parseHubId(ID)!)).toBe(true);
    expect(cache.modelFiles(parseHubId(ID)!)).toBeUndefined();
    expect(cache.modelFiles(parseHubId(`${ID}@refs/pr/3`)!)).toBeDefined();
    expect(cache.removeRevision(parseHubId(ID)!)).toBe(false);
    expect(cache.removeRevision(parseHubId(`${ID}@refs/pr/3`)!)).toBe(true);
    expect(readdirSync(join(root, 'hub'))).toEqual([]);
  });

  test('is not there for a configuration while a file of it is missing or short', async () => {
    await pull();
    writeFileSync(join(folder(), MODEL_FILE), 'short');
    expect(cache.modelFiles(parseHubId(ID)!)).toBeUndefined();
  });
});

describe('the token', () => {
  test('is shown to the hub alone, through every redirect', async () => {
    hub.plan = { ...PLAN, token: 'hf_secret', hops: 3 };
    await pull({ token: 'hf_secret' });
    const to = (server: string) => hub.seen.filter(one => one.server === server);
    expect(to('hub').every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
    expect(to('store')).toHaveLength(4);
    expect(to('store').every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test.each([
    ['private or not there', {}, 'is not there, or is not for everyone'],
    ['behind terms', { gated: true as const }, 'has accepted its terms'],
  ])('is asked for where the model is %s', async (_, more, message) => {
    hub.plan = { ...PLAN, token: 'hf_secret', ...more };
    await expect(pull()).rejects.toEqual(error('hub.forbidden', message));
    await expect(pull({ token: 'hf_wrong' })).rejects.toMatchObject({ hint: expect.stringContaining('HF_TOKEN') });
  });

  test('with characters that no token has is told without being shown', () => {
    const make = () => new HubClient({ endpoint: hub.endpoint, token: 'hf_secret\n' });
    expect(make).toThrow(error('usage.invalid', 'HF_TOKEN has'));
    expect(make).not.toThrow('hf_secret');
  });
});

describe('a file that breaks off', () => {
  test('goes on where it stopped', async () => {
    hub.plan = fault({ cutAfter: 100_000, times: 2 });
    const { files } = await pull();
    expect(files.at(-1)?.sha256).toBe(sha256(MODEL));
    const ranges = hub.seen.filter(({ server }) => server === 'store').map(({ range }) => range);
    expect(ranges).toHaveLength(3);
    expect(ranges.slice(1).every(range => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
  });

  test('is kept as far as it came, and the next run goes on', async () => {
    hub.plan = fault({ cutAfter: 10_000 });
    await expect(pull()).rejects.toEqual(error('hub.unreachable', 'broke off 5 times'));
    expect(cache.modelFiles(parseHubId(ID)!)).toBeUndefined();
    expect(existsSync(join(folder(), MODEL_FILE))).toBe(false);
    const left = readFileSync(partOf(MODEL_FILE));
    expect(left.length).toBeGreaterThan(0);
    expect(left).toEqual(MODEL.subarray(0, left.length));
    hub.plan = PLAN;
    const before = hub.seen.length;
    await pull();
    expect(hub.seen.slice(before).find(({ server }) => server === 'store')?.range).toBe(`bytes=${left.length}-`);
    expect(readFileSync(join(folder(), MODEL_FILE))).toEqual(MODEL);
  });

  test('begins again where the server knows no ranges, and where what is there is no beginning of it', async () => {
    hub.plan = fault({ noRanges: true });
    mkdirSync(join(folder(), 'onnx'), { recursive: true });
    writeFileSync(partOf(MODEL_FILE), MODEL.subarray(0, 5000));
    await pull();
    expect(readFileSync(join(folder(), MODEL_FILE))).toEqual(MODEL);

    for (const [left, requests] of [
      [Buffer.alloc(5000, 'x'), 2],
      [Buffer.alloc(MODEL.length, 'x'), 1],
      [Buffer.alloc(MODEL.length + 1, 'x'), 1],
    ] as const) {
      hub.plan = PLAN;
      rmSync(join(folder(), MODEL_FILE));
      writeFileSync(partOf(MODEL_FILE), left);
      const before = hub.seen.length;
      await pull();
      expect(readFileSync(join(folder(), MODEL_FILE))).toEqual(MODEL);
      expect(hub.seen.slice(before).filter(({ server }) => server === 'store')).toHaveLength(requests);
    }
  });
});

describe('what is not what the hub says', () => {
  const wrong = Buffer.from(MODEL);
  wrong[7] = 0;

  test.each([
    ['a large file', fault({ sent: wrong }), MODEL_FILE, 'sha256'],
    [
      'a small file',
      { ...PLAN, faults: { 'config.json': { sent: Buffer.from('{"id2label":{"0":"a","1":"B"}}') } } },
      'config.json',
      'git',
    ],
    ['a longer file', fault({ sent: Buffer.concat([MODEL, wrong]) }), MODEL_FILE, 'sha256'],
  ])('%s: nothing of it is kept', async (_, plan, file, message) => {
    hub.plan = plan;
    await expect(pull()).rejects.toEqual(error('hub.mismatch', message));
    expect(existsSync(partOf(file)) || existsSync(join(folder(), file))).toBe(false);
    expect(cache.list()).toEqual([]);
  });

  test('a file of another commit is refused', async () => {
    hub.plan = fault({ commit: 'd'.repeat(40) });
    await expect(pull()).rejects.toEqual(error('hub.mismatch', 'd'.repeat(40)));
  });

  test('a hub that lists neither lengths nor hashes is held to what it says of each file', async () => {
    hub.plan = { ...PLAN, silent: true };
    expect((await pull()).files.at(-1)?.sha256).toBe(sha256(MODEL));
    rmSync(root, { recursive: true });
    hub.plan = { ...fault({ sent: wrong }), silent: true };
    await expect(pull()).rejects.toEqual(error('hub.mismatch', 'sha256'));
  });
});

describe('what cannot be fetched', () => {
  test.each<[string, Ask, Partial<HubPlan>, object]>([
    ['no such model', { id: 'acme/other' }, {}, error('hub.not_found', 'acme/other is not there')],
    ['no such revision', { id: `${ID}@v9` }, {}, error('hub.not_found', `${ID}@v9 is not there`)],
    ['no such file', { file: 'onnx/other.onnx' }, {}, error('hub.not_found', 'no file onnx/other.onnx')],
    [
      'a file outside',
      { file: '../model.onnx' },
      { files: { ...PLAN.files, '../model.onnx': MODEL } },
      error('hub.not_found'),
    ],
    ['no ONNX', {}, { files: { 'tokenizer.json': MODEL } }, error('hub.not_found', 'no ONNX model')],
    ['no tokeniser', {}, { files: { 'model.onnx': MODEL } }, error('hub.not_found', 'no tokenizer.json')],
    ['too large', { maxSize: 100_000 }, {}, error('hub.too_large')],
    ['larger than was told', { maxSize: 100_000 }, { silent: true }, error('hub.too_large')],
    ['redirects without end', {}, { hops: 9 }, error('hub.unreachable', 'redirects more than 5 times')],
  ])('%s', async (_, ask, plan, told) => {
    hub.plan = { ...PLAN, ...plan };
    await expect(pull(ask)).rejects.toEqual(told);
    expect(cache.list()).toEqual([]);
  });

  test('other ONNX files are told of', async () => {
    hub.plan = { ...PLAN, files: { ...PLAN.files, 'onnx/model_q4.onnx': MODEL } };
    await expect(pull({ file: 'x.onnx' })).rejects.toMatchObject({
      hint: expect.stringContaining('onnx/model_q4.onnx'),
    });
  });

  test('a hub that is not there', async () => {
    const { endpoint } = hub;
    await hub.close();
    await expect(pull()).rejects.toEqual(error('hub.unreachable', `${endpoint} does not answer (ECONNREFUSED)`));
    hub = await startLoopbackHub(PLAN);
  });

  test.each(['file:///etc', 'https://me:secret@hub.example', 'hub.example'])(
    'an endpoint that is none: %s',
    endpoint => {
      expect(() => new HubClient({ endpoint })).toThrow(error('usage.invalid', 'HF_ENDPOINT'));
    },
  );

  test.each(['file:///etc/passwd', 'http://weaker.example/x', 'https://me:pw@other.example/'])(
    'a redirect to where none is followed: %s',
    async location => {
      const fetcher = () => Promise.resolve(new Response(null, { status: 302, headers: { location } }));
      const client = new HubClient({ endpoint: 'https://hub.example' }, fetcher as typeof fetch);
      await expect(client.listing(parseHubId(ID)!)).rejects.toEqual(error('hub.unreachable', 'not followed'));
    },
  );

  test.each(['[]', '{"sha":"x","siblings":[]}', 'no JSON'])('an answer that is no hub’s: %s', async body => {
    const client = new HubClient({ endpoint: 'https://hub.example' }, (() =>
      Promise.resolve(new Response(body))) as typeof fetch);
    await expect(client.listing(parseHubId(ID)!)).rejects.toEqual(error('hub.unreachable'));
  });
});
