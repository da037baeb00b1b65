import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const WEIR = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

/** A gateway in a process of its own. */
export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it said on standard error. */
  said(): string;
  /** Ends it as an operator would. */
  stop(): Promise<void>;
}

/** Runs `weir serve` in a folder and resolves when it listens. */
export async function serve(
  folder: string,
  args: readonly string[],
  { program = [WEIR], env = {} }: { readonly program?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Served> {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const match = /listens on (http:\/\/[\w.:[\]-]+)/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', code => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return {
    child,
    url,
    said: () => said,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
