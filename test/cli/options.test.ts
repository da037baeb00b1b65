import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { integer, positive, readConfig, resolveConfig } from '#cli/options.js';
import { VALID } from '../config/parse.js';

const before = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-options-'));
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(before);
  return rm(folder, { recursive: true });
});

describe('the configuration that the options name is', () => {
  test('the demonstration where there is no file', async () => {
    expect((await resolveConfig({})).source).toBe('demonstration');
  });

  test('weir.yaml where there is one', async () => {
    await writeFile('weir.yaml', VALID);
    expect((await resolveConfig({})).source).toBe('weir.yaml');
  });

  test('the named file before all others', async () => {
    await writeFile('weir.yaml', 'broken: [');
    await writeFile('mine.yaml', VALID);
    const result = await readConfig({ config: 'mine.yaml' }, { overrides: { port: 9 } });
    expect(result.ok && result.config.gateway.listen.port).toBe(9);
  });

  test('or else the end of the command, with exit code 2 and the problems on standard error', async () => {
    await writeFile('weir.yaml', 'broken: 1');
    let stderr = '';
    const write = vi.spyOn(process.stderr, 'write').mockImplementation(chunk => {
      stderr += String(chunk);
      return true;
    });
    await expect(resolveConfig({})).rejects.toMatchObject({ exitCode: 2 });
    write.mockRestore();
    expect(stderr).toContain('weir.yaml:1:1 error config.unknown_key');
  });
});

test.each(['-1', '1.5', 'many', '', '1e3', '9007199254740993'])('%j is no whole number', text => {
  expect(() => integer(text)).toThrow(InvalidArgumentError);
});

test.each(['0', '-1', 'many', '', 'Infinity'])('%j is no positive number', text => {
  expect(() => positive(text)).toThrow(InvalidArgumentError);
});
