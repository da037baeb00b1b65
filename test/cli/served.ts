import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const weir = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));

/** A `weir serve` in a process of its own, in a folder of its own. */
export interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly folder: string;
  /** All that it said on standard error. */
  said(): string;
  /** Processes that it has started. */
  children(): number[];
  /** Ends it as a crash would, if it still runs, and removes its folder. */
  dispose(): Promise<void>;
}

export function newFolder(yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-served-'));
  writeFileSync(join(folder, 'weir.yaml'), yaml);
  return folder;
}

export async function serve(folder: string, ...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [weir, 'serve', '--port', '0', ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const match = /listens on (http:\/\/[^\s,]+)/.exec(said);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', code => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return {
    child,
    url,
    folder,
    said: () => said,
    children: () => childrenOf(child.pid ?? 0),
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

export interface Said {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
}

/** One call over a connection of its own: of several workers, another one each time. */
export async function call(
  url: string,
  method: string,
  path: string,
  { key, body }: { key?: string; body?: unknown } = {},
): Promise<Said> {
  const response = await open(url, method, path, { key, body });
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const json = /json/.test(response.headers['content-type'] ?? '');
  return { status: response.statusCode ?? 0, body: json ? JSON.parse(text) : text };
}

/** As {@link call}, for an answer that is read as it comes. */
export function open(
  url: string,
  method: string,
  path: string,
  { key, body }: { key?: string | undefined; body?: unknown } = {},
): Promise<IncomingMessage> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, {
      method,
      agent: new Agent({ keepAlive: false }),
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
    request.on('response', resolve).on('error', reject);
    request.end(sent);
  });
}

/** The value of a metric, summed over its series. */
export async function metric(url: string, name: string, key?: string): Promise<number> {
  const { body } = await call(url, 'GET', '/metrics', key === undefined ? {} : { key });
  let sum = 0;
  for (const [, value] of String(body).matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) {
    sum += Number(value);
  }
  return sum;
}
