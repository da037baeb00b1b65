// A gateway as people start it, in a folder of its own, for as long as its picture takes.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../setup.mjs';

const weir = join(root, 'bin', 'weir.js');

/**
 * Starts `weir serve` on a free port.
 *
 * @param {{ env?: Record<string, string>, config?: string }} [options] the demonstration without `config`
 * @returns {Promise<{ url: string, said: () => string, close: () => Promise<void> }>} `url` ends with a slash
 */
export async function startGateway({ env = {}, config } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-pictures-'));
  if (config !== undefined) writeFileSync(join(folder, 'weir.yaml'), config);
  const started = await start(['serve', '--port', '0'], { cwd: folder, env });
  return {
    ...started,
    async close() {
      await started.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts `weir engine` on its usual port, where the set-up looks for one. */
export function startEngine() {
  return start(['engine', '--model', 'qwen3-8b', '--gpu', 'l40s'], { cwd: tmpdir(), env: {} });
}

async function start(args, { cwd, env }) {
  const child = spawn(process.execPath, [weir, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    const hear = chunk => {
      said += String(chunk);
      const found = /listens on (http:\/\/[^\s/]+)|(http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (found !== null) resolve(`${found[1] ?? found[2]}/`);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', code => reject(new Error(`weir ${args[0]} ended with ${code}: ${said}`)));
  });
  return {
    url,
    said: () => said,
    async close() {
      const ended = new Promise(resolve => child.once('exit', resolve));
      if (child.kill('SIGTERM')) await ended;
    },
  };
}
