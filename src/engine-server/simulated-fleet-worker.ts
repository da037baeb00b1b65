import { parentPort } from 'node:worker_threads';
import { isWeirError } from '#contract/errors.js';
import { type EngineServer, startEngineServer } from './server.js';
import type { FleetMessage, SimulatedReplicaSpec } from './simulated-fleet.js';

const port = parentPort!;
const servers: EngineServer[] = [];

async function startPool(spec: SimulatedReplicaSpec): Promise<readonly [string, readonly string[]]> {
  const { pool, model, engineModel, count, seed = 1, ...rest } = spec;
  const started = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startEngineServer({ ...rest, model: engineModel, servedAs: model, seed: seed + i }),
    ),
  );
  servers.push(...started);
  return [pool, started.map(server => server.url)];
}

function report(message: FleetMessage): void {
  port.postMessage(message);
}

async function start(specs: readonly SimulatedReplicaSpec[]): Promise<void> {
  try {
    report({ kind: 'listening', urls: await Promise.all(specs.map(startPool)) });
  } catch (error) {
    const known = isWeirError(error) ? error : undefined;
    report({ kind: 'failed', code: known?.code ?? '', message: known?.message ?? String(error), hint: known?.hint });
  }
}

port.on('message', (asked: readonly SimulatedReplicaSpec[] | 'close' | 'retire') => {
  if (typeof asked !== 'string') void start(asked);
  else void Promise.all(servers.map(server => server[asked]())).then(() => port.close());
});
