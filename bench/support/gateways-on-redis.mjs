// What benches need that put several gateways, each in a process of its own, before one Redis.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const REDIS = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(path => existsSync(path));
const WEIR = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));
const PATIENCE_MS = 30_000;

/** Connections to all gateways; destroyed at the end. */
export const agent = new Agent({ keepAlive: true });

/** Ends the bench with exit code 2 where there is no Redis. */
export function needRedis() {
  if (REDIS !== undefined) return;
  process.stderr.write('redis-server is not installed\n');
  process.exit(2);
}

/** Starts an empty Redis that keeps nothing on disk. @returns its process */
export async function startRedis(port) {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(REDIS, args, { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}

/** Starts `weir serve` with the weir.yaml of a folder. @returns its process and its address */
export async function startGateway(cwd, ...args) {
  const child = spawn(process.execPath, [WEIR, 'serve', '--port', '0', ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', text => {
      said += text;
      const match = /listens on (\S+)/.exec(said);
      if (match !== null) resolve(match[1]);
    });
    child.once('exit', code => reject(new Error(`a gateway ended with ${code}: ${said}`)));
  });
  return { child, url };
}

/** Ends gateways as an administrator would, and waits for it. */
export async function stopGateways(gateways) {
  for (const { child } of gateways) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
}

/** One call over JSON. @returns its status and what was said */
export function call(url, method, path, { key, body } = {}) {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { method, agent, headers, timeout: PATIENCE_MS }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode, said: JSON.parse(text) }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`)));
    request.on('error', reject);
    request.end(sent);
  });
}

/** A port that nothing listens on now. */
export function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms));
}
