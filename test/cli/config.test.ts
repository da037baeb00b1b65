import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configVersions } from '#store/config-versions.js';
import { openStateDatabase } from '#store/state-database.js';
import { FULL } from '../gateway/admin/support.js';
import { weir } from './run.js';

const yaml = (answer: string, more = '') => `# mine
router: { decisions: [{ name: fixed, when: otherwise, respond: "${answer}" }] }
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["http://127.0.0.1:9"], api_key: sk-not-to-be-shown } }
${more}`;

let folder: string;
let file: string;
let state: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-config-'));
  file = join(folder, 'weir.yaml');
  state = join(folder, 'state.db');
  const database = openStateDatabase(state);
  const versions = configVersions(database);
  const texts = [yaml('one'), yaml('two'), yaml('three', 'broken: true')];
  for (const [i, text] of texts.entries()) {
    versions.add({ version: `v${i}`, at: 1_700_000_000_000 + i, author: 'ann', note: '', source: file }, text);
  }
  versions.add({ version: 'x', at: 0, author: 'eve', note: '', source: '/elsewhere.yaml' }, 'other');
  versions.close();
  await writeFile(file, texts[2]!);
});

afterEach(() => rm(folder, { recursive: true }));

const run = (...argv: string[]) => weir('config', ...argv, '-c', file, '--state', state);

describe('weir config', () => {
  test('lists the versions of this file only, newest first', async () => {
    const { code, stdout } = await run('history', '--json');
    expect(code).toBe(0);
    const { versions } = JSON.parse(stdout) as { versions: { number: number; author: string }[] };
    expect(versions.map(({ number, author }) => [number, author])).toEqual([
      [3, 'ann'],
      [2, 'ann'],
      [1, 'ann'],
    ]);
    expect((await run('history')).stdout).toMatch(/^3 +v2 +2023-11-14 22:13:20 +ann$/m);
  });

  test('shows what differs, secrets masked', async () => {
    const { stdout } = await run('diff', '1', '2');
    expect(stdout).toContain('-router: { decisions: [{ name: fixed, when: otherwise, respond: "one" }] }');
    expect(stdout).toContain('+router: { decisions: [{ name: fixed, when: otherwise, respond: "two" }] }');
    expect(stdout).toContain('‹secret');
    expect(stdout).not.toContain('sk-not');
  });

  test('brings none back that cannot be kept in the history', async () => {
    const database = openStateDatabase(state);
    database.exec(FULL);
    database.close();
    const { code, stderr } = await run('rollback', '1');
    expect(code).not.toBe(0);
    expect(stderr).toContain('store.unavailable');
    expect(await readFile(file, 'utf8')).toBe(yaml('three', 'broken: true'));
    expect((await readdir(folder)).filter(name => name.endsWith('.next'))).toEqual([]);
  });

  test('brings a version back although the file is not valid, and notes it', async () => {
    expect(await run('rollback', '1')).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toBe(yaml('one'));
    expect(JSON.parse((await run('history', '--json')).stdout).versions[0]).toMatchObject({
      number: 5,
      note: 'back to version 1',
    });
  });

  test('does not bring back what is not valid, or not there', async () => {
    const before = await readFile(file, 'utf8');
    expect(await run('rollback', '3')).toMatchObject({ code: 1, stderr: expect.stringContaining('broken') });
    expect(await run('rollback', '4')).toMatchObject({ code: 2, stderr: expect.stringContaining('store.not_found') });
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  test('says so where there is no history', async () => {
    const none = await weir('config', 'history', '-c', file, '--state', join(folder, 'none.db'));
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('store.not_found') });
  });
});
