import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './real-component.js';

/** The newest Postgres of the machine. */
export const POSTGRES: string | undefined = newest();

function newest(): string | undefined {
  try {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    return versions[0] === undefined ? undefined : `/usr/lib/postgresql/${versions[0]}/bin`;
  } catch {
    return undefined;
  }
}

/** A real Postgres on loopback, with its data in a folder of its own. */
export interface PostgresServer {
  readonly url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with its data. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startPostgres(binaries: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-postgres-'));
  const port = await freePort();
  // Postgres refuses to run as root: then it runs as the user that its package made.
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  const made = spawnSync(
    join(binaries, 'initdb'),
    ['-D', folder, '-U', 'weir', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { ...user, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  let child: ChildProcess | undefined;
  const server: PostgresServer = {
    url: `postgres://weir@127.0.0.1:${port}/postgres`,
    async kill() {
      if (child === undefined) return;
      const gone = once(child, 'exit');
      // The immediate way down: connections are cut, nothing is put in order.
      child.kill('SIGQUIT');
      await gone;
      child = undefined;
    },
    async start() {
      const settings = {
        listen_addresses: '127.0.0.1',
        port,
        unix_socket_directories: '',
        fsync: 'off',
        shared_buffers: '16MB',
      };
      child = spawn(
        join(binaries, 'postgres'),
        ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
        { ...user, stdio: 'ignore' },
      );
      const ready = join(binaries, 'pg_isready');
      while (spawnSync(ready, ['-h', '127.0.0.1', '-p', String(port), '-q']).status !== 0) {
        if (child.exitCode !== null) throw new Error('postgres ended at once');
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    },
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function idsOf(name: string): { readonly uid: number; readonly gid: number } {
  const id = (flag: string): number => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}
