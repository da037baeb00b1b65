import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
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

/** A port that nothing listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
