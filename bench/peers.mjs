// `npm run bench:peers`: installs the gateways that the bench compares Weir with, from their own lock file.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { help } from './support/help.mjs';

help(import.meta.url);

const folder = fileURLToPath(new URL('peers', import.meta.url));
const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
  cwd: folder,
  stdio: 'inherit',
});
if (error !== undefined) process.stderr.write(`npm could not be started: ${error.message}\n`);
process.exitCode = status ?? 1;
