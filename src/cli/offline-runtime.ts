import { withoutEngines } from '#cli/local-engines.js';
import { type CommonOptions, resolveConfig } from '#cli/options.js';
import type { Config } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import { machineClock } from '#gateway/machine-clock.js';
import { createRuntime, type Runtime } from '#gateway/runtime.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import { ModelHost } from '#models/model-host.js';
import { memoryRecordStore } from '#store/memory-record-store.js';
import { memoryResponseStore } from '#store/memory-response-store.js';
import { AccessLog } from '#telemetry/access-log.js';
import { createLogger } from '#telemetry/log.js';
import { createMetrics } from '#telemetry/metrics.js';
import { Traffic } from '#telemetry/traffic/traffic.js';

/** Nobody waits for a command as a client waits for an answer: what it says is not to depend on how busy the machine is. */
function patient(config: Config): Config {
  const { router } = config;
  const learned = { ...router.learned, patience: Math.max(router.learned.patience, PATIENCE) };
  return { ...config, router: { ...router, learned, signal_deadline: Math.max(router.signal_deadline, PATIENCE) } };
}

const PATIENCE: Milliseconds = 30_000;

/** The three parts as the gateway would build them, for commands that decide without serving: no socket is opened, nothing is kept. */
export async function offlineRuntime(options: CommonOptions): Promise<Runtime> {
  const config = patient(withoutEngines(await resolveConfig(options)));
  const log = createLogger({ level: 'silent', format: 'text', stream: process.stderr });
  const runtime = createRuntime(config, {
    clock: machineClock,
    random: seededRandom(options.seed),
    connections: new Connections(machineClock),
    watchdog: new Watchdog(machineClock),
    responses: memoryResponseStore({ keep: 1 }),
    records: memoryRecordStore({ keep: 1 }),
    metrics: createMetrics(),
    log,
    accessLog: new AccessLog(log, 'none'),
    tracer: undefined,
    localModels: new ModelHost(machineClock),
    peers: undefined,
    traffic: new Traffic(),
  });
  await runtime.router.prepare();
  return runtime;
}
