import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMANDS, type CommandTable } from '#cli/commands.js';
import { weir } from './run.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };

/** Every command by the words that call it. */
function* paths(table: CommandTable, before: readonly string[] = []): Generator<readonly string[]> {
  for (const [name, entry] of Object.entries(table)) {
    yield [...before, name];
    if ('commands' in entry) yield* paths(entry.commands, [...before, name]);
  }
}

describe('help', () => {
  test('lists every command with its summary', async () => {
    const { code, stdout } = await weir('--help');
    expect(code).toBe(0);
    for (const [name, { summary }] of Object.entries(COMMANDS)) {
      expect(stdout).toContain(name);
      expect(stdout).toContain(summary);
    }
  });

  test.each([...paths(COMMANDS)].map(path => [path.join(' '), path] as const))(
    'of %s has examples',
    async (_, path) => {
      const { code, stdout } = await weir(...path, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: weir ${path.join(' ')}`);
      if (path.length > 1 || 'load' in (COMMANDS[path[0] ?? ''] ?? {})) expect(stdout).toMatch(/\n {2}\$ weir /);
      expect(await weir('help', ...path)).toMatchObject({ code: 0 });
    },
  );

  test('without a command goes to standard error', async () => {
    expect(await weir()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: weir') });
  });
});

describe('wrong usage', () => {
  test.each([
    [['chek'], /Did you mean check\?/],
    [['check', '--confg', 'x'], /Did you mean --config\?/],
    [['check', '--seed', 'many'], /whole number/],
    [['check', '-c'], /argument missing/],
    [['schema', 'extra'], /too many arguments/],
    [['--nonsense'], /unknown option/],
  ])('%j exits with 2', async (argv, message) => {
    expect(await weir(...argv)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });
});

test('the version is that of the package', async () => {
  expect(await weir('--version')).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  const { stdout } = await weir('version', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ version: manifest.version, node: process.versions.node });
});

test('help loads no command, and a command loads no other', async () => {
  const script = `
    const seen = [];
    const { registerHooks } = await import('node:module');
    if (registerHooks === undefined) process.exit(0);
    registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) });
    const { main } = await import(${JSON.stringify(`${root}/dist/cli/main.js`)});
    await main([process.argv[1]]);
    process.stderr.write(JSON.stringify(seen));`;
  const loaded = async (argument: string) => {
    const { stderr } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      '--',
      argument,
    ]);
    return (stderr === '' ? [] : (JSON.parse(stderr) as string[])).filter(url => url.includes('/dist/'));
  };
  expect((await loaded('--help')).filter(url => /commands\/|config\/|router\/|pool\/|gateway\//.test(url))).toEqual([]);
  expect((await loaded('version')).filter(url => /commands\/(?!version)|config\/|gateway\//.test(url))).toEqual([]);
});
