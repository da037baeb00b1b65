import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { validate } from 'dockerfile-utils';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/real-component.js';
import { serve } from '../support/served.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(root, 'deploy/Containerfile'), 'utf8');

/** Instructions by stage, with continued lines put together. */
const stages = text
  .replace(/^\s*#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split(/^(?=FROM )/m)
  .slice(1)
  .map(stage => stage.trim().split('\n'));
const last = stages.at(-1) ?? [];
const only = (instruction: string): string => {
  const found = last.filter(line => line.startsWith(`${instruction} `));
  expect(found, instruction).toHaveLength(1);
  return found[0]!.slice(instruction.length + 1);
};
const exec = (line: string): string[] => JSON.parse(line.slice(line.indexOf('['))) as string[];

describe('deploy/Containerfile', () => {
  it('has nothing that a linter of container files objects to', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
    expect(validate('FROM a\nCOPY\nCMD a\nCMD b\n').length).toBeGreaterThan(1);
  });

  it('builds in one stage and runs in another, as nobody in particular', () => {
    expect(stages).toHaveLength(2);
    expect(only('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const writable = only('VOLUME');
    expect(only('WORKDIR')).toBe(writable);
    expect(last.some(line => line.startsWith('COPY --from=build --chown') && line.endsWith(` ${writable}`))).toBe(true);
    expect(last.some(line => line.startsWith('RUN'))).toBe(false);
    expect(text).not.toMatch(/^(?:ADD|ENV .*(?:KEY|SECRET|PASSWORD|TOKEN))/m);
  });

  it('installs the versions of drivers that are tested', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    for (const name of ['pg', 'ioredis']) expect(text).toContain(`${name}@${devDependencies[name]}`);
  });

  // It installs packages from the registry, which not every machine reaches.
  it.runIf(process.env.CI === 'true')(
    'installs the drivers, and nothing that only development needs',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'weir-packages-'));
      try {
        for (const file of ['package.json', 'package-lock.json', '.npmrc'])
          cpSync(join(root, file), join(folder, file));
        const [, commands = ''] =
          /cd \/opt\/weir && (.*) && install -d/.exec(stages[0]?.join('\n').replace(/ +/g, ' ') ?? '') ?? [];
        await promisify(execFile)('/bin/sh', ['-c', commands], { cwd: folder });
        const has = (name: string): boolean => existsSync(join(folder, 'node_modules', name, 'package.json'));
        expect(['pg', 'ioredis', 'zod', 'typescript', 'vitest', 'vite'].filter(has)).toEqual(['pg', 'ioredis', 'zod']);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    300_000,
  );

  it('copies what is there, past what is left out', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    for (const needed of [
      'src',
      'scripts',
      'dashboard',
      'bin',
      'schema',
      'package.json',
      'package-lock.json',
      '.npmrc',
    ])
      expect(ignored).not.toContain(needed);
    for (const [, files = ''] of text.matchAll(/^COPY (?!--)(.*) \S+$/gm))
      for (const file of files.split(' ')) expect(existsSync(join(root, file)), file).toBe(true);
  });

  describe('laid out as the last stage has it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-image-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const opt = join(folder, 'opt');
    const [, ...entry] = exec(only('ENTRYPOINT'));
    const [, healthScript = '', ...health] = exec(only('HEALTHCHECK'));

    it('serves by its command, writes below its volume only, and its health check tells', async () => {
      const copied = /cp -r (.*?) \/opt\/weir\//.exec(text)?.[1]?.split(' ') ?? [];
      expect(copied).toContain('dist');
      for (const file of copied) cpSync(join(root, file), join(opt, file), { recursive: true });
      symlinkSync(join(root, 'node_modules'), join(opt, 'node_modules'));
      const state = join(folder, 'state');
      mkdirSync(state);
      const config = join(folder, 'weir.yaml');
      writeFileSync(
        config,
        `
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: { context: 8k } }
  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }
gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }
`,
      );
      const port = String(await freePort());
      const program = entry.map(word => word.replace('/opt/weir', opt));
      const command = exec(only('CMD')).map(word => word.replace('/etc/weir/weir.yaml', config));
      const check = () =>
        promisify(execFile)(process.execPath, [healthScript, ...health], { env: { WEIR_PORT: port } }).then(
          () => 'healthy',
          () => 'unhealthy',
        );
      const served = await serve(state, command, { program, env: { WEIR_PORT: port, NODE_ENV: 'production' } });
      expect(served.url).toContain(port);
      expect(await check()).toBe('healthy');
      expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401);
      await served.stop();
      expect(await check()).toBe('unhealthy');
      expect(existsSync(join(state, '.weir'))).toBe(true);
      expect(existsSync(join(opt, '.weir'))).toBe(false);
    }, 60_000);
  });
});
