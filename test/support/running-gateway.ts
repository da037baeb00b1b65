import { type Config, parseConfig } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordStore } from '#contract/stores.js';
import type { AdminPorts } from '#gateway/admin/ports.js';
import { Gateway } from '#gateway/gateway.js';
import { guardedFetch } from '#gateway/guarded-fetch.js';
import { knownModels } from '#gateway/known-models.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { RuntimePorts } from '#gateway/runtime.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import { AddressGuard } from '#identity/address-guard.js';
import { openIdentity } from '#identity/identity.js';
import { memoryIdentityStore } from '#store/memory-identity-store.js';
import { memoryRecordStore } from '#store/memory-record-store.js';
import { memoryResponseStore } from '#store/memory-response-store.js';
import { AccessLog } from '#telemetry/access-log.js';
import { createLogger } from '#telemetry/log.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';
import { Traffic } from '#telemetry/traffic/traffic.js';

/** A gateway that listens on a free port, with its record in memory. */
export interface RunningGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly records: RecordStore;
  readonly metrics: Metrics;
  chat(body: object, init?: RequestInit): Promise<Response>;
  /** The record of an answer. */
  recordOf(response: Response): Promise<DecisionRecord>;
  close(): Promise<void>;
}

export function configOf(yaml: string): Config {
  const result = parseConfig(yaml, { file: 'test.yaml', env: {}, readFile: () => '' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 2));
  return result.config;
}

export async function startGateway(
  given: string | Config,
  admin: Partial<AdminPorts> = {},
  own: Partial<RuntimePorts> = {},
): Promise<RunningGateway> {
  const log = createLogger({ level: 'error', format: 'text', stream: process.stderr });
  const records = memoryRecordStore({ keep: 20_000 });
  const metrics = createMetrics();
  const config = typeof given === 'string' ? configOf(given) : given;
  const { auth, network } = config.gateway;
  let running: Gateway | undefined;
  const identity = auth.required
    ? await openIdentity(auth, {
        store: memoryIdentityStore(),
        clock: machineClock,
        models: () => knownModels(running?.runtime.config ?? config),
        fetchJson: guardedFetch(new AddressGuard(network.allow)),
      })
    : undefined;
  const ports = {
    identity,
    clock: machineClock,
    random: seededRandom(7),
    connections: new Connections(machineClock),
    watchdog: new Watchdog(machineClock),
    records,
    responses: memoryResponseStore({ keep: 1000 }),
    metrics,
    log,
    accessLog: new AccessLog(log, 'none'),
    tracer: undefined,
    peers: undefined,
    traffic: new Traffic(),
    ...own,
  };
  const gateway = new Gateway(config, ports, admin);
  running = gateway;
  const { url } = await gateway.listen('127.0.0.1', 0);
  return {
    gateway,
    url,
    records,
    metrics,
    chat: (body, init = {}) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ messages: [{ role: 'user', content: 'hello' }], ...body }),
        ...init,
        headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) },
      }),
    async recordOf(response) {
      const record = await records.find(response.headers.get('x-request-id') ?? '');
      if (record === undefined) throw new Error('no record of this answer');
      return record;
    },
    async close() {
      await gateway.drain({ deadline: 2000 });
      await identity?.close();
      await records.close();
    },
  };
}

/** A value of a metric as `/metrics` shows it: the sum over the series whose labels include `labels`. */
export async function metricOf(
  metrics: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { body } = await metrics.render();
  let sum = 0;
  for (const line of body.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match?.[1] !== name) continue;
    const shown = match[2] ?? '';
    if (Object.entries(labels).every(([key, value]) => shown.includes(`${key}="${value}"`))) sum += Number(match[3]);
  }
  return sum;
}
