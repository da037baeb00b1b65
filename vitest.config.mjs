import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const escaped = root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/property-seed.ts'],
    // Guards against what hangs, not measures of speed: a machine may have other work.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A condition is waited for, not a time: what never holds is told before the test itself is given up.
    expect: { poll: { timeout: 50_000 } },
    // `#part/file.js` resolves to dist; Node itself loads it, so that code under test is the code that ships and
    // worker threads started inside dist find their files.
    server: { deps: { external: [new RegExp(`^(file://)?${escaped}dist/`)] } },
  },
});
