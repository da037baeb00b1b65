// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in weir.yaml look like that.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spared } from '#cli/offline-secrets.js';
import { type LoadResult, parseConfig } from '#config/load.js';
import type { Path } from '#config/problem.js';

const anywhere = () => true;

function parse(text: string, standIn: ((path: Path) => boolean) | undefined, env: Record<string, string> = {}) {
  return parseConfig(text, {
    file: 'weir.yaml',
    env,
    standIn,
    readFile: () => {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    },
  });
}

const told = (result: LoadResult) => ({
  errors: result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`),
  warnings: result.warnings.map(({ code, path }) => `${code} ${path}`),
});

/** A value for each place that a variable stands for in {@link TEMPLATE}. */
const VALUES: Record<string, string> = {
  WORD: 'liability',
  HEADER: 'secret',
  SALT: 'a-salt-of-sixteen-characters',
  POOL: 'small',
  KEY: 'sk-1',
  URL: 'http://10.0.0.1:8000',
  HOST: '10.0.0.2',
  ADMIN: 'an-admin-key-of-16',
  POSTGRES: 'postgres://weir@10.0.0.3/weir',
  REDIS: 'p',
  PORT: '8081',
  LEVEL: 'info',
};

const TEMPLATE = `router:
  signals: { law: { keyword: { any: ["\${WORD}"] } } }
  decisions:
    - { name: law, when: law, models: [small], headers: { x-key: "\${HEADER}" } }
    - { name: default, when: otherwise, models: [small] }
  privacy: { salt: "\${SALT}" }
pool:
  models: { small: {} }
  pools: { gpu: { model: "\${POOL}", api_key: "\${KEY}", replicas: ["\${URL}", { url: "http://\${HOST}:8000" }] } }
gateway:
  listen: { port: "\${PORT}" }
  log: { level: "\${LEVEL}" }
  auth: { required: true, admin_key: "\${ADMIN}", postgres: "\${POSTGRES}" }
  shared: { redis: "redis://:\${REDIS}@10.0.0.4:6379/0" }
`;

describe('what stands in for a secret that is not there', () => {
  test('fits wherever a secret does, and is told as a warning', () => {
    const { PORT, LEVEL, POOL, WORD } = VALUES as { PORT: string; LEVEL: string; POOL: string; WORD: string };
    const result = parse(TEMPLATE, spared(), { PORT, LEVEL, POOL, WORD });
    expect(told(result)).toEqual({
      errors: [],
      warnings: [
        'config.secret router.decisions[0].headers.x-key',
        'config.secret router.privacy.salt',
        'config.secret pool.pools.gpu.api_key',
        'config.secret pool.pools.gpu.replicas[0]',
        'config.secret pool.pools.gpu.replicas[1].url',
        'config.secret gateway.auth.admin_key',
        'config.secret gateway.auth.postgres',
        'config.secret gateway.shared.redis',
      ],
    });
    expect(result.ok && result.unset).toEqual([
      ...['HEADER', 'SALT', 'KEY', 'URL', 'HOST', 'ADMIN', 'POSTGRES', 'REDIS'],
    ]);
  });

  test('is an error without leave, as everywhere while Weir serves', () => {
    const { errors, warnings } = told(parse(TEMPLATE, undefined));
    expect(warnings).toEqual([]);
    expect(errors).toHaveLength(12);
    expect(new Set(errors.map(error => error.split(' ')[0]))).toEqual(new Set(['config.secret']));
  });

  test('goes no further than nothing depends on it: a number, a choice, a name', () => {
    // Of a name that is not there, what else it leads to is told as well.
    expect(told(parse(TEMPLATE, anywhere)).errors.sort()).toEqual([
      'config.missing pool.models.small',
      'config.secret gateway.listen.port',
      'config.secret gateway.log.level',
      'config.secret pool.pools.gpu.model',
    ]);
  });

  test('is asked for where the command uses it, and where the policy decides by it', () => {
    const without = (name: string) => ({ ...VALUES, [name]: '' });
    expect(parse(TEMPLATE, spared(), without('POSTGRES')).ok).toBe(true);
    expect(told(parse(TEMPLATE, spared(['gateway.auth.postgres']), without('POSTGRES'))).errors).toEqual([
      'config.secret gateway.auth.postgres',
    ]);
    expect(parse(TEMPLATE, spared(['gateway.auth.postgres']), without('ADMIN')).ok).toBe(true);
    expect(told(parse(TEMPLATE, spared(), without('WORD'))).errors).toEqual([
      'config.secret router.signals.law.keyword.any[0]',
    ]);
  });

  test('is a file, too; what is wrong beside it is told as ever', () => {
    const text = TEMPLATE.replace('"${KEY}"', 'file:/run/key').replace('port:', 'prot:');
    const { errors, warnings } = told(parse(text, spared(), VALUES));
    expect(errors).toEqual(['config.unknown_key gateway.listen.prot']);
    expect(warnings).toEqual(['config.secret pool.pools.gpu.api_key']);
    expect(told(parse('gateway: { drain: "${A" }', anywhere)).errors).toContain('config.secret gateway.drain');
  });

  test('makes no other error: each that is not there is told once, as an error or as a warning', () => {
    fc.assert(
      fc.property(fc.subarray(Object.keys(VALUES)), missing => {
        const env = Object.fromEntries(Object.entries(VALUES).filter(([name]) => !missing.includes(name)));
        const result = parse(TEMPLATE, spared(), env);
        const { errors, warnings } = told(result);
        const all = [...errors, ...warnings];
        expect(all.every(one => one.startsWith('config.secret '))).toBe(true);
        expect(new Set(all).size).toBe(missing.length);
        expect(all).toHaveLength(missing.length);
      }),
    );
  });
});
