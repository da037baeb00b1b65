import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectWritable, writeText } from '#cli/output-file.js';
import { VALID } from '../config/parse.js';
import { weir } from './run.js';

const before = process.cwd();
const LINE = '{"text":"hello"}\n';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-output-'));
  process.chdir(folder);
  writeFileSync('weir.yaml', VALID);
  writeFileSync('in.jsonl', LINE);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

/** Files of the folder that this process has open; none is seen where the system does not tell. */
function openFiles(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap(at => {
    try {
      const file = readlinkSync(`/proc/self/fd/${at}`);
      return file.startsWith(`${folder}/`) ? [file] : [];
    } catch {
      return [];
    }
  });
}

describe('a file that a result is to go to', () => {
  test('is known to be writable before there is a result', async () => {
    mkdirSync('there');
    await expect(expectWritable('new.json', ['in.jsonl', '-'])).resolves.toBeUndefined();
    expect(existsSync('new.json')).toBe(false);
    for (const [file, why] of [
      ['nowhere/out.json', 'there is no such folder'],
      ['there', 'it is a folder'],
      ['weir.yaml/out.json', 'there is no such folder'],
    ])
      await expect(expectWritable(file ?? '')).rejects.toMatchObject({
        code: 'usage.invalid',
        message: `Cannot write ${file}: ${why}`,
      });
    await expect(writeText('nowhere/out.json', '')).rejects.toMatchObject({ code: 'usage.invalid' });
  });

  test('is none of those that are read for it, by whatever name', async () => {
    symlinkSync('in.jsonl', 'link.jsonl');
    for (const file of ['in.jsonl', './in.jsonl', 'link.jsonl'])
      await expect(expectWritable(file, ['weir.yaml', 'in.jsonl'])).rejects.toMatchObject({
        message: `${file} would be read and overwritten`,
      });
  });

  test.each([
    ['signals', '--input', 'in.jsonl', '--output', 'in.jsonl'],
    ['train', 'routes', '--input', 'in.jsonl', '--output', 'in.jsonl'],
    ['train', 'head', '--kind', 'domain', '--input', 'weir.yaml', '--test', 'in.jsonl', '--output', 'in.jsonl'],
    ['simulate', '--trace', 'in.jsonl', '--requests-out', 'in.jsonl'],
    ['what-if', 'weir.yaml', 'weir.yaml', '--trace', 'in.jsonl', '--html', 'in.jsonl'],
  ])('is not the input of weir %s', async (...argv) => {
    const { code, stderr } = await weir(...argv);
    expect([code, stderr]).toEqual([2, expect.stringContaining('in.jsonl would be read and overwritten')]);
    expect(readFileSync('in.jsonl', 'utf8')).toBe(LINE);
    expect(openFiles()).toEqual([]);
  });

  test.each([
    ['train', 'routes', '--input', 'in.jsonl', '--output', 'nowhere/out'],
    ['plan', '--cdf', 'in.jsonl', '--rate', '1', '--html', 'nowhere/out'],
  ])('fails weir %s before its work', async (...argv) => {
    const { code, stderr } = await weir(...argv);
    expect([code, stderr]).toEqual([2, 'weir: usage.invalid: Cannot write nowhere/out: there is no such folder\n']);
  });
});

describe('weir signals', () => {
  test('leaves what stands in its output while the configuration is wrong', async () => {
    writeFileSync('out.jsonl', 'kept');
    writeFileSync('weir.yaml', 'pool: 3');
    expect((await weir('signals', '--input', 'in.jsonl', '--output', 'out.jsonl')).code).toBe(2);
    expect(readFileSync('out.jsonl', 'utf8')).toBe('kept');
    expect(openFiles()).toEqual([]);
  });

  test('writes to standard output unless told otherwise, and says what a line has to be', async () => {
    const { code, stdout } = await weir('signals', '--input', 'in.jsonl');
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ id: 1, decision: 'default' })]);
    writeFileSync('in.jsonl', '{"prompt":"hello"}\n');
    expect(await weir('signals', '--input', 'in.jsonl')).toMatchObject({
      code: 2,
      stderr:
        'weir: usage.invalid: in.jsonl:1: The line has neither text nor messages\n  {"text": "…"} or {"messages": […]}\n',
    });
    expect((await weir('signals', '--input', 'in.jsonl', '--output', 'out.jsonl')).code).toBe(2);
    expect(await weir('signals', '--input', '.')).toMatchObject({
      code: 2,
      stderr: 'weir: usage.invalid: Cannot open .: it is a folder\n',
    });
    expect(openFiles()).toEqual([]);
  });
});

describe('weir explain', () => {
  test('says of a model that there is not what the gateway would', async () => {
    writeFileSync('chat.json', '{"model":"smal","messages":[{"role":"user","content":"hi"}]}');
    const { code, stderr } = await weir('explain', '--request', 'chat.json');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/request\.unknown_model: There is no model "smal".*\n {2}one of small, /),
    ]);
  });
});

describe('a port', () => {
  test.each([['serve'], ['engine']])('of weir %s is checked where it is written', async command => {
    const { code, stderr } = await weir(command, '--port', '99999');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("argument '99999' is invalid. Expected a port from 0 to 65535."),
    ]);
  });
});
