/**
 * What a shared Postgres costs a gateway, and how soon one gateway sees what another changed. It starts a server of its own (fsync on,
 * as in production) from Debian's package; `--url` takes another, in which it then makes the schema `weir`.
 *
 *   node bench/postgres.mjs [--json] [--url postgres://…] [--records 30000] [--revocations 200]
 *
 * The control beside records is `bench/record.mjs`: the same records in SQLite.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { machineClock } from '../dist/gateway/machine-clock.js';
import { openIdentity, SYSTEM } from '../dist/identity/identity.js';
import { authSchema } from '../dist/identity/schema.js';
import { openPostgresIdentity, openPostgresRecords } from '../dist/store/postgres/open.js';
import { madeRecord } from './made-record.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    url: { type: 'string' },
    records: { type: 'string', default: '30000' },
    revocations: { type: 'string', default: '200' },
  },
});
const round = value => Math.round(value * 100) / 100;

async function freshServer() {
  const [version] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  const binaries = `/usr/lib/postgresql/${version}/bin`;
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-postgres-'));
  const id = flag => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  const user = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
  spawnSync(join(binaries, 'initdb'), ['-D', folder, '-U', 'weir', '--auth=trust', '-E', 'UTF8'], user);
  const options = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '' };
  const child = spawn(
    join(binaries, 'postgres'),
    ['-D', folder, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...user, stdio: 'ignore' },
  );
  while (spawnSync(join(binaries, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-q']).status !== 0)
    await new Promise(resolve => setTimeout(resolve, 50));
  return {
    url: `postgres://weir@127.0.0.1:${port}/postgres`,
    version,
    async close() {
      const gone = once(child, 'exit');
      child.kill('SIGQUIT');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function records(url, total) {
  const store = await openPostgresRecords({ url, keepForMs: 7 * 86_400_000 });
  const burst = async (count, from) => {
    for (let done = 0; done < count; done += 32) {
      for (let i = 0; i < 32; i++) store.append(madeRecord(`req_${from + done + i}`, Date.now()));
      await new Promise(resolve => setImmediate(resolve));
      while (store.backlog > 8192) await new Promise(resolve => setTimeout(resolve, 1));
    }
    await store.flush();
  };
  await burst(4096, 0);
  const making = process.cpuUsage();
  for (let i = 0; i < total; i++) madeRecord('', i);
  const made = process.cpuUsage(making);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await burst(total, 1_000_000);
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const client = new pg.Client(url);
  await client.connect();
  const size = await client.query(
    "select pg_total_relation_size('weir.records') as bytes, count(*) as rows from weir.records",
  );
  await client.end();
  const asked = performance.now();
  for (let i = 0; i < 20; i++) await store.list({ session: 'nobody', limit: 100 });
  const listed = (performance.now() - asked) / 20;
  await store.close();
  return {
    records: total,
    records_per_s: Math.round((total / wall) * 1000),
    gateway_cpu_us_per_record: round((user + system - made.user - made.system) / total),
    bytes_per_record: Math.round(Number(size.rows[0].bytes) / Number(size.rows[0].rows)),
    list_by_session_ms: round(listed),
    dropped: store.dropped,
  };
}

/** How long after a revocation was acknowledged by one gateway another still knows the key. */
async function revocations(url, count, { notices }) {
  const open = async () => {
    const store = await openPostgresIdentity(url);
    if (!notices) store.watch = undefined;
    return openIdentity(authSchema.parse({ required: true }), {
      store,
      clock: machineClock,
      fetchJson: Promise.reject,
    });
  };
  const [one, two] = await Promise.all([open(), open()]);
  const known = secret => one.authenticate({ credential: secret, address: '127.0.0.1' }).principal !== undefined;
  const took = [];
  for (let i = 0; i < count; i++) {
    const { key, secret } = await two.governance.createKey(SYSTEM, { name: `k${i}` });
    while (!known(secret)) await new Promise(resolve => setImmediate(resolve));
    await two.governance.revokeKey(SYSTEM, key.id);
    const from = performance.now();
    while (known(secret) && !one.authenticate({ credential: secret, address: '127.0.0.1' }).refusal) {
      await new Promise(resolve => setImmediate(resolve));
    }
    took.push(performance.now() - from);
  }
  await Promise.all([one.close(), two.close()]);
  took.sort((a, b) => a - b);
  return {
    revocations: count,
    p50_ms: round(took[count >> 1]),
    p99_ms: round(took[Math.ceil(count * 0.99) - 1]),
    most_ms: round(took[count - 1]),
  };
}

const server = values.url === undefined ? await freshServer() : { url: values.url, close: async () => {} };
try {
  const result = {
    records: await records(server.url, Number(values.records)),
    seen_by_notice: await revocations(server.url, Number(values.revocations), { notices: true }),
    seen_by_polling: await revocations(server.url, Math.max(5, Number(values.revocations) / 10), { notices: false }),
  };
  if (values.json) process.stdout.write(`${JSON.stringify({ postgres: result })}\n`);
  else for (const [part, figures] of Object.entries(result)) console.table({ [part]: figures });
} finally {
  await server.close();
}
