import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../dist/cli/commands/engine.js');
const SCRIPT = `import { engineCommand } from ${JSON.stringify(MAIN)}; await engineCommand().parseAsync(process.argv.slice(1), { from: 'user' });`;

/** A `weir engine` in a process of its own, on a free port. */
export interface EngineProcess {
  readonly url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

export async function startEngineProcess(...args: string[]): Promise<EngineProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module', '-e', SCRIPT, '--', '--port', '0', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', chunk => {
    said += chunk;
  });
  while (!said.includes('KV blocks')) {
    if (child.exitCode !== null) throw new Error(said);
    await Promise.race([once(child.stderr!, 'data'), once(child, 'exit')]);
  }
  return {
    url: /listens on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)![1]!,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
