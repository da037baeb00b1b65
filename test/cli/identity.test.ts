import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuditEntry } from '#contract/audit.js';
import { SYSTEM } from '#identity/identity.js';
import type { ShownKey } from '#identity/shown-key.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-keys-'));
const path = join(folder, 'identity.db');
const config = join(folder, 'weir.yaml');
let upstream: MockUpstream;
let gateway: RunningGateway;
const ADMIN = 'an-admin-key-of-the-test';

beforeAll(async () => {
  upstream = await startMockUpstream();
  const yaml = `
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: { context: 8k, price: { prompt: 1, completion: 1 } } }
  pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } }
gateway: { auth: { required: true, admin_key: ${ADMIN}, path: ${path} } }
`;
  writeFileSync(config, yaml);
  gateway = await startGateway(yaml);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

const json = async (...argv: string[]) => {
  const run = await weir(...argv, '-c', config, '--json');
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
  return JSON.parse(run.stdout) as unknown;
};

describe('weir keys, at the database', () => {
  it('makes, lists, rotates and revokes; secrets are shown once and never kept', async () => {
    expect((await weir('teams', 'set', 'research', '--budget', '5usd/day', '-c', config)).stdout).toContain(
      '5 usd/day',
    );
    const made = await weir(
      'keys',
      'create',
      'ci',
      '--team',
      'research',
      '--allow',
      'm*',
      '--rpm',
      '60',
      '--expires',
      '90d',
      '-c',
      config,
    );
    const secret = made.stdout.trim();
    expect(secret).toMatch(/^wk-[\w-]{43}$/);
    expect(made.stderr).not.toContain(secret);
    const { keys } = (await json('keys', 'list')) as { keys: ShownKey[] };
    expect(keys).toMatchObject([
      { name: 'ci', team: 'research', models: ['m*'], limits: { requestsPerMinute: 60 }, role: 'user' },
    ]);
    expect(JSON.stringify(keys)).not.toMatch(/hash/);
    const rotated = (await json('keys', 'rotate', 'ci', '--overlap', '2h')) as { secret: string; key: ShownKey };
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.key.previousUntil).toBeGreaterThan(Date.now() + 7_000_000);
    expect((await weir('keys', 'revoke', rotated.key.prefix, '-c', config)).stdout).toContain('is revoked');
    const database = new DatabaseSync(path, { readOnly: true });
    const dump = JSON.stringify([
      database.prepare('select * from entities').all(),
      database.prepare('select * from audit_log').all(),
    ]);
    database.close();
    for (const one of [secret, rotated.secret]) expect(dump).not.toContain(one);
  });

  it('logs who changed what, and finds a row that was altered', async () => {
    const { entries } = (await json('audit', 'list')) as { entries: AuditEntry[] };
    expect(entries.map(({ action }) => action)).toEqual(['key.revoke', 'key.rotate', 'key.create', 'team.create']);
    expect(entries[0]).toMatchObject({ actor: { kind: 'cli' }, target: { kind: 'key' } });
    expect(JSON.stringify(entries)).not.toMatch(/"hash":"[0-9a-f]{64}","prefix/);
    expect((await weir('audit', 'verify', '-c', config)).stdout).toContain('4 rows, unaltered');
    const database = new DatabaseSync(path);
    database.exec(
      "drop trigger audit_log_keeps; update audit_log set text = replace(text, 'research', 'recreation') where seq = 2",
    );
    database.close();
    const verified = await weir('audit', 'verify', '-c', config);
    expect([verified.code, verified.stdout]).toEqual([
      1,
      'the log is altered: row 2 is not what was written; 1 rows before it are sound\n',
    ]);
  });

  it('says what is wrong', async () => {
    const wrong = async (...argv: string[]) => (await weir(...argv, '-c', config)).stderr;
    expect(await wrong('keys', 'create', 'x', '--team', 'nobody')).toContain(
      'identity.not_found: There is no team "nobody"',
    );
    expect(await wrong('keys', 'create', 'x', '--cidr', '10.0.0.0/99')).toContain('cidrs[0]');
    expect(await wrong('keys', 'create', 'x', '--allow', 'auto', '--allow', 'atuo')).toMatch(
      /identity\.invalid: There is no model "atuo".*models\[1\].*did you mean "auto"\?/s,
    );
    expect(await wrong('teams', 'set', 'x', '--allow', 'gpt')).toContain('There is no model "gpt"');
    expect(await wrong('keys', 'create', 'x', '--expires', '0s')).toContain('This time has passed');
    expect(await wrong('keys', 'create', 'x', '--budget', '5/day')).toContain('100usd/month');
    expect(await wrong('keys', 'revoke', 'nothing')).toContain('weir keys list');
    expect(await wrong('keys', 'list', '--url', gateway.url)).toContain('WEIR_ADMIN_KEY');
  });
});

describe('weir keys, at a running gateway', () => {
  it('does the same through the admin API, at once', async () => {
    vi.stubEnv('WEIR_ADMIN_KEY', ADMIN);
    const at = ['--url', gateway.url];
    await json('teams', 'set', 'ops', '--budget', '1Mtokens/week', ...at);
    await json('users', 'set', 'ada@example.com', '--team', 'ops', '--role', 'team_lead', ...at);
    const { secret, key } = (await json('keys', 'create', 'hers', '--user', 'ada@example.com', ...at)) as {
      secret: string;
      key: ShownKey;
    };
    const ask = () => gateway.chat({ model: 'm' }, { headers: { authorization: `Bearer ${secret}` } });
    expect((await ask()).status).toBe(200);
    const { usage } = (await json('usage', '--by', 'team', ...at)) as { usage: object[] };
    expect(usage).toEqual([
      { id: 'ops', kind: 'team', usd: 0.000015, promptTokens: 11, completionTokens: 4, requests: 1 },
    ]);
    await json('keys', 'revoke', key.id, ...at);
    expect((await ask()).status).toBe(401);
    const verdict = (await json('audit', 'verify', ...at)) as { entries: number };
    expect(verdict.entries).toBe(4);
    const wrong = await weir('keys', 'rotate', key.id, '-c', config, ...at);
    expect(wrong.stderr).toContain('identity.invalid: The key was revoked');
  });

  it('can do what the key may, and no more', async () => {
    const { secret } = await gateway.gateway.runtime.identity!.governance.createKey(SYSTEM, {
      name: 'small',
      role: 'user',
    });
    vi.stubEnv('WEIR_ADMIN_KEY', secret);
    const run = await weir('keys', 'create', 'mine', '--role', 'admin', '-c', config, '--url', gateway.url);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('auth.role')]);
  });
});
