import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HubClient } from '#models/hub/hub-client.js';
import { parseHubId } from '#models/hub/hub-id.js';
import { type HubPlan, sha256 } from './loopback-hub.js';
import { type Ask, failing, fault, ID, MODEL, MODEL_FILE, PLAN, PullRun } from './pull-run.js';

let run: PullRun;

beforeEach(async () => {
  run = await PullRun.start();
});

afterEach(() => run.close());

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
    run.hub.plan = plan;
    await expect(run.pull()).rejects.toEqual(failing('hub.mismatch', message));
    expect(existsSync(run.partOf(file)) || existsSync(join(run.folder, file))).toBe(false);
    expect(run.cache.list()).toEqual([]);
  });

  test('a file of another commit is refused', async () => {
    run.hub.plan = fault({ commit: 'd'.repeat(40) });
    await expect(run.pull()).rejects.toEqual(failing('hub.mismatch', 'd'.repeat(40)));
  });

  test('what the other server calls a file is no hash of it', async () => {
    run.hub.plan = { ...PLAN, silent: true, unlinked: true };
    expect((await run.pull()).files.at(-1)).toMatchObject({ size: MODEL.length, sha256: sha256(MODEL) });
  });

  test('a hub that lists neither lengths nor hashes is held to what it says of each file', async () => {
    run.hub.plan = { ...PLAN, silent: true };
    expect((await run.pull()).files.at(-1)?.sha256).toBe(sha256(MODEL));
    rmSync(run.root, { recursive: true });
    run.hub.plan = { ...fault({ sent: wrong }), silent: true };
    await expect(run.pull()).rejects.toEqual(failing('hub.mismatch', 'sha256'));
  });
});

describe('what cannot be fetched', () => {
  test.each<[string, Ask, Partial<HubPlan>, object]>([
    ['no such model', { id: 'acme/other' }, {}, failing('hub.not_found', 'acme/other is not there')],
    ['no such revision', { id: `${ID}@v9` }, {}, failing('hub.not_found', `${ID}@v9 is not there`)],
    ['no such file', { file: 'onnx/other.onnx' }, {}, failing('hub.not_found', 'no file onnx/other.onnx')],
    [
      'a file outside',
      { file: '../model.onnx' },
      { files: { ...PLAN.files, '../model.onnx': MODEL } },
      failing('hub.not_found'),
    ],
    ['no ONNX', {}, { files: { 'tokenizer.json': MODEL } }, failing('hub.not_found', 'no ONNX model')],
    ['no tokeniser', {}, { files: { 'model.onnx': MODEL } }, failing('hub.not_found', 'no tokenizer.json')],
    ['too large', { maxSize: 100_000 }, {}, failing('hub.too_large')],
    ['larger than was told', { maxSize: 100_000 }, { silent: true }, failing('hub.too_large')],
    ['redirects without end', {}, { hops: 9 }, failing('hub.unreachable', 'redirects more than 5 times')],
  ])('%s', async (_, ask, plan, told) => {
    run.hub.plan = { ...PLAN, ...plan };
    await expect(run.pull(ask)).rejects.toEqual(told);
    expect(run.cache.list()).toEqual([]);
  });

  test('other ONNX files are told of', async () => {
    run.hub.plan = { ...PLAN, files: { ...PLAN.files, 'onnx/model_q4.onnx': MODEL } };
    await expect(run.pull({ file: 'x.onnx' })).rejects.toMatchObject({
      hint: expect.stringContaining('onnx/model_q4.onnx'),
    });
  });

  test('a hub that is not there', async () => {
    const { endpoint } = run.hub;
    await run.hub.close();
    await expect(run.pull()).rejects.toEqual(failing('hub.unreachable', `${endpoint} does not answer (ECONNREFUSED)`));
  });

  test.each(['file:///etc', 'https://me:secret@hub.example', 'hub.example'])(
    'an endpoint that is none: %s',
    endpoint => {
      expect(() => new HubClient({ endpoint })).toThrow(failing('usage.invalid', 'HF_ENDPOINT'));
    },
  );

  test.each(['file:///etc/passwd', 'http://weaker.example/x', 'https://me:pw@other.example/'])(
    'a redirect to where none is followed: %s',
    async location => {
      const fetcher = () => Promise.resolve(new Response(null, { status: 302, headers: { location } }));
      const client = new HubClient({ endpoint: 'https://hub.example' }, fetcher as typeof fetch);
      await expect(client.listing(parseHubId(ID)!)).rejects.toEqual(failing('hub.unreachable', 'not followed'));
    },
  );

  test.each(['[]', '{"sha":"x","siblings":[]}', 'no JSON'])('an answer that is no hub’s: %s', async body => {
    const client = new HubClient({ endpoint: 'https://hub.example' }, (() =>
      Promise.resolve(new Response(body))) as typeof fetch);
    await expect(client.listing(parseHubId(ID)!)).rejects.toEqual(failing('hub.unreachable'));
  });
});
