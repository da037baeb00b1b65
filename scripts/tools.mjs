// Runs the project's own tools from node_modules, with their output on this terminal.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './setup.mjs';

const BIN = {
  tsc: ['typescript', 'bin', 'tsc'],
  biome: ['@biomejs', 'biome', 'bin', 'biome'],
  vitest: ['vitest', 'vitest.mjs'],
};

/** Runs a tool and resolves to its exit code; a signal sent to this process goes on to the tool. */
export function runTool(tool, args) {
  const colours = tool === 'biome' && !process.stdout.isTTY ? ['--colors=off'] : [];
  return runNode([join(root, 'node_modules', ...BIN[tool]), ...args, ...colours]);
}

export function runNode(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    const forward = signal => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
