import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { GgufServerOptions } from './server.js';

/** What the process is told: the options that can be written as JSON. */
export type EngineOrder = Omit<GgufServerOptions, 'clock'>;

/** What the process reports. */
export type EngineReport =
  | { readonly kind: 'listening'; readonly url: string; readonly port: number; readonly about: EngineAbout }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string | undefined };

export interface EngineAbout {
  readonly computes: string;
  readonly contextTokens: Tokens;
  readonly sequences: number;
}

export interface GgufEngineProcess {
  readonly url: string;
  readonly about: EngineAbout;
  /** Of the process that runs now. */
  pid(): number;
  close(): Promise<void>;
  /** Ends once everything that it was asked has been answered, or when it is closed. */
  retire(): Promise<void>;
}

/** Tells the process to end when all that it was asked has been answered. */
export const RETIRE = 'retire';

/** First and longest wait before an engine that ended by itself is started again. */
const RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** How long the process may take to end by itself. */
const CLOSE_MS = 5000;

/**
 * Runs a GGUF engine in a process of its own, so that what goes wrong in native code takes nothing else with it. When it ends by itself it is
 * started again at the same address, later each time, and `onEvent` is told.
 *
 * @throws WeirError what {@link startGgufServer} throws.
 */
export async function startGgufProcess(
  order: EngineOrder,
  onEvent: (text: string) => void,
): Promise<GgufEngineProcess> {
  let { child, report } = await spawn(order);
  const { url, port, about } = report;
  let closed = false;
  let wait: Milliseconds = RESTART_MS;
  let timer: NodeJS.Timeout | undefined;

  const watch = (): void => {
    child.once('exit', (code, signal) => {
      if (closed) return;
      onEvent(`the engine of ${order.file} ended (${signal ?? `exit code ${code}`}); next start in ${wait} ms`);
      timer = setTimeout(() => void restart(), wait);
      wait = Math.min(wait * 2, LONGEST_RESTART_MS);
    });
  };
  const restart = async (): Promise<void> => {
    try {
      const next = await spawn({ ...order, port });
      child = next.child;
      if (closed) await stop(child);
      else watch();
    } catch (error) {
      onEvent(`the engine of ${order.file} did not start: ${error instanceof Error ? error.message : String(error)}`);
      if (closed) return;
      timer = setTimeout(() => void restart(), wait);
      wait = Math.min(wait * 2, LONGEST_RESTART_MS);
    }
  };
  watch();
  return {
    url,
    about,
    pid: () => child.pid ?? 0,
    async close() {
      closed = true;
      clearTimeout(timer);
      await stop(child);
    },
    async retire() {
      closed = true;
      clearTimeout(timer);
      if (!child.connected) return stop(child);
      const ended = once(child, 'exit');
      child.send(RETIRE);
      await ended;
    },
  };
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise(resolve => {
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.connected) child.disconnect();
  });
}

type Listening = Extract<EngineReport, { kind: 'listening' }>;

function spawn(order: EngineOrder): Promise<{ readonly child: ChildProcess; readonly report: Listening }> {
  // What the process was started with is not for its children; standard output belongs to the command that runs.
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const child = fork(new URL('./engine-child.js', import.meta.url), { execArgv: [], stdio: [...stdio] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => reject(new WeirError('engine.unusable', `The engine ended with code ${code}.`)));
    child.once('message', (report: EngineReport) => {
      child.removeAllListeners('exit');
      if (report.kind === 'listening') return resolve({ child, report });
      void stop(child);
      const code = report.code === 'engine.not_installed' ? report.code : 'engine.unusable';
      reject(new WeirError(code, report.message, report.hint === undefined ? {} : { hint: report.hint }));
    });
    child.send(order);
  });
}
