import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { POSTGRES, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { describeWith } from '../support/real-component.js';
import { type Served, serve } from '../support/served.js';
import { weir } from './run.js';

const ADMIN = 'an-admin-key-of-the-test';

describeWith('postgresql', POSTGRES, 'two gateways on one Postgres', binaries => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-two-'));
  let server: PostgresServer;
  let upstream: MockUpstream;
  let gateways: Served[] = [];
  let configuration: string;

  const start = (): Promise<Served> => serve(folder, ['serve', '--config', configuration, '--port', '0']);
  const asked = new Map<number, number>();
  const ask = async (gateway: Served, secret: string): Promise<number> => {
    const { status, text } = await post(gateway, '/v1/chat/completions', secret, {
      model: 'auto',
      max_tokens: 4,
      messages: [{ role: 'user', content: 'hello' }],
    });
    asked.set(status, (asked.get(status) ?? 0) + 1);
    return text === '' ? 0 : status;
  };
  const post = async (gateway: Served, path: string, secret: string, body: object) => {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  const metric = async (gateway: Served, name: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN}` } });
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text())?.[1]);
  };
  const query = async (text: string): Promise<Record<string, string>> => {
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query<Record<string, string>>(text);
    await client.end();
    return rows[0] ?? {};
  };

  beforeAll(async () => {
    [server, upstream] = await Promise.all([startPostgres(binaries), startMockUpstream()]);
    configuration = join(folder, 'weir.yaml');
    writeFileSync(
      configuration,
      `
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: { context: 8k, price: { prompt: 1, completion: 1 } } }
  pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } }
gateway:
  auth: { required: true, admin_key: ${ADMIN}, postgres: "${server.url}" }
  record: { postgres: "${server.url}" }
`,
    );
    gateways = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await Promise.all(gateways.map(gateway => gateway.stop()));
    await upstream.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('serve on while it is killed and comes back: no call fails, no record and no money is missing', async () => {
    const [one, two] = gateways as [Served, Served];
    const made = await post(one, '/api/keys', ADMIN, { name: 'k' });
    const { secret, key } = JSON.parse(made.text) as { secret: string; key: { id: string } };
    await expect.poll(() => ask(two, secret)).toBe(200);

    let running = true;
    const load = gateways.flatMap(gateway =>
      [1, 2].map(async () => {
        while (running) {
          expect(await ask(gateway, secret)).toBe(200);
          await new Promise(resolve => setTimeout(resolve, 5));
        }
      }),
    );
    await expect.poll(() => asked.get(200) ?? 0).toBeGreaterThan(20);
    await server.kill();
    await expect.poll(() => metric(one, 'weir_identity_up')).toBe(0);
    await expect.poll(() => metric(two, 'weir_records_up')).toBe(0);
    const refused = await post(one, '/api/keys', ADMIN, { name: 'later' });
    expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('store.unavailable') });
    expect(await metric(one, 'weir_records_backlog')).toBeGreaterThan(0);
    await server.start();
    for (const gateway of gateways) {
      await expect.poll(() => metric(gateway, 'weir_identity_up')).toBe(1);
      await expect.poll(() => metric(gateway, 'weir_records_up')).toBe(1);
    }
    running = false;
    await Promise.all(load);

    // Revoked at one, refused by the other.
    expect((await post(two, `/api/keys/${key.id}/revoke`, ADMIN, {})).status).toBe(200);
    expect(await ask(two, secret)).toBe(401);
    await expect.poll(() => ask(one, secret)).toBe(401);

    await Promise.all(gateways.map(gateway => gateway.stop()));

    // Without any gateway: the commands read the database itself.
    const { id } = await query('select id from weir.records order by at_ms limit 1');
    const story = await weir('explain', '--id', id ?? '', '-c', configuration, '--json');
    expect([story.code, JSON.parse(story.stdout)]).toEqual([0, expect.objectContaining({ selected: 'm' })]);
    expect(await weir('explain', '--id', 'none', '-c', configuration)).toMatchObject({
      code: 2,
      stderr: 'weir: no record none in Postgres\n',
    });
    const trace = await weir('trace', 'record', '-c', configuration);
    expect([trace.code, trace.stdout.trimEnd().split('\n').length - 1]).toEqual([0, asked.get(200)]);

    const answered = asked.get(200) ?? 0;
    expect(answered).toBeGreaterThan(50);
    const { count, usd } = await query(
      `select count(*) as count, sum(cost_usd) as usd from weir.records where caller = '${key.id}' or caller = 'k'`,
    );
    expect(Number(count)).toBe(answered);
    const { requests, nano } = await query(
      `select requests, nano_usd as nano from weir.spend where kind = 'key' and id = '${key.id}' and bucket = -1`,
    );
    expect(Number(requests)).toBe(answered);
    expect(Number(usd)).toBeGreaterThan(0);
    expect(Number(nano) / 1e9).toBeCloseTo(Number(usd), 9);
  });

  it('does not start without it, and says why', async () => {
    await server.kill();
    await expect(start()).rejects.toThrow(/ended with 2: .*gateway\.auth\.postgres/s);
  });
});
