// `npm run setup:llama`: installs node-llama-cpp for the tests of the real engine, into test/llama.
// Without a lock file: npm does not take one that lacks optional binaries of other systems, and those are left out here for their size.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../test/llama', import.meta.url));
const { status, error } = spawnSync(
  'npm',
  ['install', '--ignore-scripts', '--omit=optional', '--no-package-lock', '--no-audit', '--no-fund'],
  {
    cwd: folder,
    stdio: 'inherit',
  },
);
if (error !== undefined) process.stderr.write(`npm could not be started: ${error.message}\n`);
process.exitCode = status ?? 1;
