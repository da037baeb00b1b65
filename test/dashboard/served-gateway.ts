import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const weir = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

/** A configuration under which callers are asked who they are. */
export const ASKS_WHO = `gateway:
  auth: { required: true }
router:
  decisions:
    - { name: hello, when: otherwise, respond: Hello. }
pool:
  models:
    small: { price: { prompt: 1, completion: 2 } }
  pools:
    small: { model: small, replicas: [http://127.0.0.1:9] }
`;

/** A gateway as people start it, in a folder of its own. */
export interface ServedGateway {
  readonly url: string;
  readonly folder: string;
  /** What it has printed so far. */
  said(): string;
  close(): Promise<void>;
}

/** `weir serve` on a free port, on the demonstration unless a weir.yaml is given. */
export async function serve(env: Readonly<Record<string, string>> = {}, config?: string): Promise<ServedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-dashboard-'));
  if (config !== undefined) writeFileSync(join(folder, 'weir.yaml'), config);
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
    said: () => said,
    async close() {
      const ended = new Promise(resolve => child.once('exit', resolve));
      if (child.kill('SIGTERM')) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
