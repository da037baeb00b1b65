import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMANDS, type CommandTable } from '#cli/commands.js';
import { buildProgram } from '#cli/program.js';
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

describe('--json', () => {
  test('is an option of every command but those that serve', async () => {
    const without: string[] = [];
    const look = (command: Awaited<ReturnType<typeof buildProgram>>, path: readonly string[]) => {
      for (const inner of command.commands) look(inner, [...path, inner.name()]);
      const takes = command.options.some(({ long }) => long === '--json');
      if (command.commands.length === 0 && !takes) without.push(path.join(' '));
    };
    look(await buildProgram(undefined), []);
    expect(without).toEqual(['serve', 'engine']);
  });

  test.each([
    ['schema'],
    ['version'],
    ['classify', '--kind', 'language', 'Guten Morgen, wie geht es dir heute?'],
    ['trace', 'generate', '--requests', '1'],
    ['explain', 'hello'],
  ])('of %s leaves nothing but JSON on standard output', async (...argv) => {
    const { code, stdout } = await weir(...argv, '--json');
    expect(code).toBe(0);
    const documents = argv.includes('generate') ? stdout.trimEnd().split('\n') : [stdout];
    for (const document of documents) expect(JSON.parse(document)).toBeTypeOf('object');
    // What is always JSON is the same without it.
    if (argv[0] === 'schema' || argv[0] === 'trace') expect((await weir(...argv)).stdout).toBe(stdout);
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

/** The files of the build that a command line loads, by their paths below `dist`. */
async function loadedBy(argument: string): Promise<readonly string[]> {
  const hooks = `import { writeSync } from 'node:fs';
    export function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); }`;
  const script = `
    const { register } = await import('node:module');
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const { main } = await import(${JSON.stringify(pathToFileURL(`${root}/dist/cli/main.js`).href)});
    await main([process.argv[1]]);`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, '--', argument]);
  return stderr.split('\n').flatMap(url => url.split('/dist/').slice(1));
}

test('help loads no command, and a command loads no other', async () => {
  const forHelp = await loadedBy('--help');
  expect(forHelp).toContain('cli/main.js');
  expect(forHelp.filter(path => !/^(?:cli\/[\w-]+|contract\/[\w-]+)\.js$/.test(path))).toEqual([]);
  const forVersion = await loadedBy('version');
  expect(forVersion.filter(path => path.startsWith('cli/commands/'))).toEqual(['cli/commands/version.js']);
  expect(forVersion.filter(path => !/^(?:cli|contract)\//.test(path))).toEqual([]);
});
