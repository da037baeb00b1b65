import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const weir = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

/** A gateway as people start it, in a folder of its own. */
export interface ServedGateway {
  readonly url: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** `weir serve` on a free port; on the demonstration, as long as the folder has no weir.yaml. */
export async function serve(env: Readonly<Record<string, string>> = {}): Promise<ServedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-dashboard-'));
  const child: ChildProcess = spawn(process.execPath, [weir, 'serve', '--port', '0'], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', chunk => {
      said += String(chunk);
      const found = /listens on (http:\/\/\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(`${found}/`);
    });
    child.once('exit', code => reject(new Error(`weir serve ended with ${code}: ${said}`)));
  });
  return {
    url,
    folder,
    async close() {
      const ended = new Promise(resolve => child.once('exit', resolve));
      if (child.kill('SIGTERM')) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
