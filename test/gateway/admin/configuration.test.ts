import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WeirError } from '#contract/errors.js';
import { type Answer, ask, type Configured, startConfigured } from './support.js';

const YAML = `# who may change this: ops
router:
  decisions:
    - { name: default, when: otherwise, models: [m] } # the only one
  tests:
    - { prompt: hello, expect: default }
pool:
  models: { m: {} }
  pools:
    p: { model: m, health: false, replicas: ["http://127.0.0.1:9"], api_key: sk-written-into-the-file }
    q: { model: m, health: false, replicas: ["http://127.0.0.1:10"], api_key: "\${KEY}", headers: { x-api-key: header-secret } }
`;

let gateway: Configured;
beforeEach(async () => {
  gateway = await startConfigured(YAML, { KEY: 'sk-of-the-environment' });
});
afterEach(() => gateway.dispose());

const get = (path: string): Promise<Answer> => ask(gateway.url, 'GET', `/api/configuration${path}`);
const post = (path: string, body: object): Promise<Answer> =>
  ask(gateway.url, 'POST', `/api/configuration${path}`, { body });
const inForce = () => gateway.gateway.runtime.config;

describe('a change by the API', () => {
  it('is in force at once, in the file with its comments, and in the history with its author', async () => {
    const { body: before } = await get('');
    const text = before.text.replace('name: default', 'name: usual').replace('expect: default', 'expect: usual');
    const { status, body } = await post('', { text, base: before.version, note: 'a better name' });
    expect([status, body.error]).toEqual([200, undefined]);
    expect(body).toMatchObject({ number: 2, author: 'local', note: 'a better name', version: inForce().version });
    expect(inForce().router.decisions[0]?.name).toBe('usual');
    expect(gateway.text()).toBe(
      YAML.replace('name: default', 'name: usual').replace('expect: default', 'expect: usual'),
    );
    const { versions } = (await get('/versions')).body;
    expect(versions.map(({ number, author }: { number: number; author: string }) => [number, author])).toEqual([
      [2, 'local'],
      [1, 'start'],
    ]);
    const { hunks } = (await get('/difference?from=1')).body;
    expect(hunks[0].lines).toContain('+    - { name: usual, when: otherwise, models: [m] } # the only one');
    expect(hunks[0].lines).toContain('-    - { name: default, when: otherwise, models: [m] } # the only one');
  });

  it('that is not valid changes nothing, and all that is wrong with it is said', async () => {
    const text = YAML.replace('models: [m] }', 'models: [n] }').replace('health: false', 'helth: false');
    const { status, body } = await post('', { text });
    expect([status, body.error.code]).toEqual([422, 'config.rejected']);
    expect(body.check.errors.map(({ code }: { code: string }) => code).sort()).toEqual([
      'config.unknown_key',
      'config.unknown_reference',
    ]);
    expect(body.check.errors[0]).toMatchObject({ line: 4 });
    expect(gateway.text()).toBe(YAML);
    expect((await get('/versions')).body.versions).toHaveLength(1);
  });

  it('whose own tests fail changes nothing', async () => {
    const { status, body } = await post('', { text: YAML.replace('expect: default', 'expect: direct') });
    expect([status, body.error.code]).toEqual([422, 'config.rejected']);
    expect(gateway.text()).toBe(YAML);
  });

  it('that was made on another version is refused', async () => {
    const { version } = (await get('')).body;
    await post('', { text: `${YAML}# one\n`, base: version });
    const { status, body } = await post('', { text: `${YAML}# two\n`, base: version });
    expect([status, body.error.code]).toEqual([409, 'config.stale']);
    expect(gateway.text()).toBe(`${YAML}# one\n`);
  });

  it('that cannot be written is not put in force either', async () => {
    const before = inForce().version;
    // Root may write anywhere: a folder in the place of the file stops it as well.
    const { configuration } = gateway;
    const folder = dirname(gateway.file);
    Object.assign(configuration, { path: folder });
    const { status, body } = await post('', { text: `${YAML}# more\n` });
    expect([status, body.error.code]).toEqual([409, 'config.unwritable']);
    expect(inForce().version).toBe(before);
    expect(readdirSync(folder)).toEqual(['weir.yaml']);
    expect((await get('/versions')).body.versions).toEqual([]);
  });

  it('that cannot be kept in the history is not made, and what is said of it is so', async () => {
    const text = `${YAML}# one\n`;
    await post('', { text });
    const before = inForce().version;
    gateway.fill(true);
    const refused = [await post('', { text: `${YAML}# two\n` }), await post('/rollback', { to: 1 })];
    for (const { status, body } of refused) {
      expect([status, body.error.code, body.error.param]).toEqual([503, 'store.unavailable', 'gateway.state.path']);
    }
    expect([inForce().version, gateway.text()]).toEqual([before, text]);
    expect((await get('')).body).toMatchObject({ version: before, author: 'local' });
    expect(readdirSync(dirname(gateway.file))).toEqual(['weir.yaml']);
    expect((await get('/versions')).body.versions).toHaveLength(2);
    gateway.fill(false);
    expect(await post('/rollback', { to: 1, base: before })).toMatchObject({ status: 200, body: { number: 3 } });
    expect(gateway.text()).toBe(YAML);
  });

  it('that does not come into force has no version, and takes none that was', async () => {
    const reload = gateway.gateway.reload.bind(gateway.gateway);
    let failures = 2;
    Object.assign(gateway.gateway, {
      reload: (config: Parameters<typeof reload>[0]) => {
        if (failures-- > 0) throw new WeirError('pool.events_unavailable', 'a defect of the test');
        reload(config);
      },
    });
    for (const text of [`${YAML}# more\n`, YAML]) {
      expect((await post('', { text })).body.error.code).toBe('pool.events_unavailable');
      expect(gateway.text()).toBe(YAML);
      const { versions } = (await get('/versions')).body;
      expect(versions.map(({ author }: { author: string }) => author)).toEqual(['start']);
    }
  });

  it('keeps the mode of the file and leaves nothing beside it', async () => {
    chmodSync(gateway.file, 0o640);
    await post('', { text: `${YAML}# more\n` });
    expect(statSync(gateway.file).mode & 0o777).toBe(0o640);
    expect(readdirSync(dirname(gateway.file))).toEqual(['weir.yaml']);
  });

  it('says which settings wait for the next start: when it is checked, when it is made, and as long as they wait', async () => {
    const waits = ['gateway.log.format', 'gateway.auth.path', 'gateway.auth.postgres'];
    const auth = 'auth: { path: elsewhere.db, postgres: "postgres://db/weir", open_metrics: true }';
    const text = `${YAML}gateway: { log: { format: json, level: error }, ${auth} }\n`;
    expect((await post('/check', { text: `${YAML}# more\n` })).body.restart).toEqual([]);
    expect((await post('/check', { text: `${YAML}gateway: { logs: {} }\n` })).body.restart).toEqual([]);
    expect((await post('/check', { text })).body.restart.sort()).toEqual([...waits].sort());
    expect((await get('')).body.restart).toEqual([]);
    expect((await post('', { text })).body.restart.sort()).toEqual([...waits].sort());
    expect((await get('')).body.restart.sort()).toEqual([...waits].sort());
    // A later change of something else does not bring them into force.
    expect((await post('', { text: `${text}# more\n` })).body.restart).toHaveLength(3);
    expect((await post('/rollback', { to: 1 })).body.restart).toEqual([]);
    expect((await get('')).body.restart).toEqual([]);
  });

  it('two at once come one after the other', async () => {
    const { version } = (await get('')).body;
    const both = await Promise.all([1, 2].map(i => post('', { text: `${YAML}# ${i}\n`, base: version })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe('secrets', () => {
  it('are never shown, and stand again where their marks stood', async () => {
    const { body } = await get('');
    expect(body.text).not.toContain('sk-written');
    expect(body.text).not.toContain('header-secret');
    // Where a secret is to be found is no secret.
    expect(body.text).toContain('$' + '{KEY}');
    await post('', { text: `${body.text}# more\n` });
    expect(gateway.text()).toBe(`${YAML}# more\n`);
    expect(inForce().pool.pools.p?.api_key).toBe('sk-written-into-the-file');
    expect(inForce().pool.pools.q?.api_key).toBe('sk-of-the-environment');
    const shown = [await get('/versions'), await get('/versions/1'), await get('/difference?from=1&to=2')];
    for (const answer of [...shown, await post('/check', { text: body.text })]) {
      expect(JSON.stringify(answer.body)).not.toMatch(/sk-|header-secret/);
    }
  });

  it('whose marks stand for nothing that is in force are asked for again, and not sent as keys', async () => {
    const { text } = (await get('')).body;
    await post('', { text: text.replace(/api_key: "‹secret \w+›"/, 'api_key: sk-another-one-than-before') });
    const { body } = await post('/check', { text });
    expect(body.check.errors).toMatchObject([{ code: 'config.secret', line: 10, column: 79 }]);
    const refused = await post('', { text });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'config.rejected']);
    expect(inForce().pool.pools.p?.api_key).toBe('sk-another-one-than-before');
  });

  it('of a changed setting are told apart without being shown', async () => {
    const { text } = (await get('')).body;
    const changed = text.replace(/api_key: "‹secret \w+›"/, 'api_key: sk-another-one-than-before');
    const { body } = await post('/check', { text: changed });
    const lines = body.changes.flatMap(({ lines: all }: { lines: string[] }) => all);
    expect(lines.filter((line: string) => /^[+-]/.test(line))).toHaveLength(2);
    expect(lines.join()).not.toContain('sk-another');
  });
});

describe('the history', () => {
  it('brings back a version, and says so', async () => {
    await post('', { text: YAML.replace('models: { m: {} }', 'models: { m: { context: 8k } }') });
    expect(inForce().pool.models.m?.context).toBe(8192);
    const { status, body } = await post('/rollback', { to: 1 });
    expect([status, body.number, body.note]).toEqual([200, 3, 'back to version 1']);
    expect(gateway.text()).toBe(YAML);
    expect(inForce().pool.models.m?.context).toBe(131_072);
    expect((await post('/rollback', { to: 99 })).body.error.code).toBe('store.not_found');
  });

  it('has edits of the file too, and its own writes only once', async () => {
    await post('', { text: `${YAML}# by the API\n` });
    const { loadConfig } = await import('#config/load.js');
    const reload = async () => {
      const loaded = await loadConfig(gateway.file, { env: { KEY: 'sk-of-the-environment' } });
      if (!loaded.ok) throw new Error('not valid');
      return gateway.configuration.reloaded(loaded);
    };
    expect(await reload()).toBe(false);
    writeFileSync(gateway.file, `${YAML}# by hand\n`);
    expect(await reload()).toBe(true);
    const { versions } = (await get('/versions')).body;
    expect(versions.map(({ author }: { author: string }) => author)).toEqual(['file', 'local', 'start']);
  });

  it('lacks an edit of the file that could not be kept; it is in force, and told of, all the same', async () => {
    gateway.fill(true);
    const text = `${YAML}# by hand\n`;
    writeFileSync(gateway.file, text);
    const { loadConfig } = await import('#config/load.js');
    const loaded = await loadConfig(gateway.file, { env: { KEY: 'sk-of-the-environment' } });
    if (!loaded.ok) throw new Error('not valid');
    expect(await gateway.configuration.reloaded(loaded)).toBe(true);
    expect(inForce().version).toBe(loaded.config.version);
    expect(gateway.edits).toMatchObject([{ number: 0, version: loaded.config.version, author: 'file' }]);
    expect(gateway.unkept).toMatchObject([{ code: 'store.unavailable' }]);
    expect((await get('/versions')).body.versions).toHaveLength(1);
  });

  it('a look at the file that is older than a change by the API takes nothing back', async () => {
    await post('', { text: `${YAML}# first\n` });
    const { loadConfig } = await import('#config/load.js');
    const early = await loadConfig(gateway.file, { env: { KEY: 'sk-of-the-environment' } });
    if (!early.ok) throw new Error('not valid');
    await post('', { text: `${YAML}# second\n` });
    expect(await gateway.configuration.reloaded(early)).toBe(false);
    expect((await get('')).body.text).toContain('# second');
  });
});
