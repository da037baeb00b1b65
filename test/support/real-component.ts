import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe } from 'vitest';

/** The first of these files that exists. */
export function installed(...paths: readonly string[]): string | undefined {
  return paths.find(path => existsSync(path));
}

/**
 * Tests that need a real component: without it they are skipped with a message, and fail where continuous integration runs them.
 */
export function describeWith(
  component: string,
  path: string | undefined,
  name: string,
  tests: (path: string) => void,
): void {
  if (path !== undefined) {
    describe(name, () => tests(path));
    return;
  }
  if (process.env.CI === 'true') throw new Error(`${component} is not installed: .ci/run installs it`);
  process.stderr.write(`skipped: ${name} (${component} is not installed)\n`);
  describe.skip(name, () => tests(''));
}

/** Below those that the system gives to connections and to who listens on any: nothing takes one of these between its choice and its use. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** A port that nothing listens on now, and that can be listened on again after it was left. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const free = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
