import { Worker } from 'node:worker_threads';
import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import type { KvRole } from './kv-transfer/connector.js';

/** Replicas of one pool, all alike but for their seed. */
export interface SimulatedReplicaSpec {
  readonly pool: string;
  /** Name under which they serve the model. */
  readonly model: string;
  /** Model and GPU of the engine catalogue whose timing is simulated. */
  readonly engineModel: string;
  readonly gpu: string;
  readonly tp?: number;
  readonly weights?: WeightPrecision;
  readonly kvCache?: KvPrecision;
  readonly speed?: number;
  readonly instant?: boolean;
  readonly count: number;
  readonly contextTokens?: Tokens;
  /** Of the first; each next one has the next. */
  readonly seed?: number;
  readonly blocks?: number;
  /** Gigabytes of the host's memory that keep KV, and gigabytes a second that each GPU reads from there. */
  readonly hostMemory?: number;
  readonly hostLink?: number;
  /** The same of storage behind that. */
  readonly disk?: number;
  readonly diskLink?: number;
  readonly role?: KvRole;
  /** Gigabytes a second, unless said as an engine's own. */
  readonly kvLink?: number;
}

export interface SimulatedFleet {
  /** Base URLs by pool, on free ports of 127.0.0.1. */
  readonly urls: ReadonlyMap<string, readonly string[]>;
  close(): Promise<void>;
  /** Ends once everything that its engines were asked has been answered, or when it is closed. */
  retire(): Promise<void>;
}

/** What the worker reports. */
export type FleetMessage =
  | { readonly kind: 'listening'; readonly urls: readonly (readonly [pool: string, urls: readonly string[]])[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string | undefined };

/** Most replicas in one fleet. */
const MOST_REPLICAS = 256;
/** How long the worker may take to end by itself. */
const CLOSE_MS = 2000;

let warm: Worker | undefined;

/** Three half-spaces (V8, heap.cc, `YoungGenerationSizeFromSemiSpaceSize`) of 8 MB, as `npm start` gives the thread that serves. */
const YOUNG_MB = 24;

/**
 * Starts the thread that the next {@link startSimulatedFleet} will use, so that it loads its modules while the caller does something
 * else. It does not keep the process alive if no fleet is started after all.
 */
export function warmSimulatedFleet(): void {
  if (warm !== undefined) return;
  warm = thread();
  warm.unref();
}

function thread(): Worker {
  return new Worker(new URL('./simulated-fleet-worker.js', import.meta.url), {
    name: 'weir-engines',
    // What the process was started with is not for its threads: some flags of Node are not allowed there.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
}

/**
 * Runs simulated engines in one worker thread, so that they do not share the event loop of whoever calls.
 *
 * @throws WeirError `config.range` or `config.unknown_reference` when an engine cannot be built.
 */
export async function startSimulatedFleet(specs: readonly SimulatedReplicaSpec[]): Promise<SimulatedFleet> {
  const replicas = specs.reduce((sum, { count }) => sum + count, 0);
  if (replicas > MOST_REPLICAS) {
    throw new WeirError('config.range', `${replicas} simulated replicas.`, { hint: `at most ${MOST_REPLICAS}` });
  }
  const worker = warm ?? thread();
  warm = undefined;
  worker.ref();
  const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()));
  try {
    worker.postMessage(specs);
    const urls = await listening(worker);
    return {
      urls: new Map(urls),
      async retire() {
        worker.postMessage('retire');
        await exited;
      },
      async close() {
        worker.postMessage('close');
        const timer = setTimeout(() => void worker.terminate(), CLOSE_MS);
        await exited;
        clearTimeout(timer);
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

function listening(worker: Worker): Promise<readonly (readonly [string, readonly string[]])[]> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', code =>
      reject(new WeirError('internal.defect', `The simulated fleet ended with code ${code}.`)),
    );
    worker.once('message', (message: FleetMessage) => {
      worker.removeAllListeners('error');
      worker.on('error', () => undefined);
      if (message.kind === 'listening') resolve(message.urls);
      else
        reject(
          new WeirError(
            codeOf(message.code),
            message.message,
            message.hint === undefined ? {} : { hint: message.hint },
          ),
        );
    });
  });
}

function codeOf(code: string): 'config.range' | 'config.unknown_reference' | 'internal.defect' {
  return code === 'config.range' || code === 'config.unknown_reference' ? code : 'internal.defect';
}
