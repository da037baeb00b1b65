import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { addIdentityMetrics } from '#cli/gateway-identity.js';
import { openSharedLimits } from '#cli/shared-limits.js';
import { openPoolSharing } from '#cli/shared-pool.js';
import { addWorkerMetrics } from '#cli/workers/answers.js';
import { addGatewayMetrics, addModelMetrics, addRemoteRecordMetrics } from '#gateway/gateway-metrics.js';
import { EventFeeds } from '#gateway/kv-events/feeds.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Identity } from '#identity/identity.js';
import { CounterHub } from '#store/counters/hub.js';
import type { RemoteRecordStore } from '#store/open-records.js';
import { createLogger } from '#telemetry/log.js';
import { createMetrics } from '#telemetry/metrics.js';
import { openTelemetry } from '#telemetry/otel/open.js';
import { telemetrySchema } from '#telemetry/otel/schema.js';
import { configOf, startGateway } from '../support/running-gateway.js';

it('the page of metrics has every metric by its name and type, and no other', async () => {
  const page = await readFile(fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)), 'utf8');
  const told = [...page.matchAll(/^\| (`[\w`, ]+`) \| (counter|gauge|histogram) \|/gm)].flatMap(
    ([, names = '', type]) => [...names.matchAll(/\w+/g)].map(([name]) => [name, type]),
  );

  const log = createLogger({ level: 'silent', format: 'text', stream: process.stderr });
  const metrics = createMetrics();
  const yaml = `
router: { decisions: [{ name: default, when: otherwise, respond: no }] }
pool: { models: { m: {} }, pools: { p: { model: m, health: false, replicas: ["http://127.0.0.1:9"] } } }
`;
  const running = await startGateway(yaml);
  addGatewayMetrics(metrics, running.gateway, '0.0.0');
  addModelMetrics(metrics, () => []);
  new EventFeeds(() => running.gateway.runtime.pool, machineClock, log).addMetrics(metrics);
  addRemoteRecordMetrics(metrics, { up: true, backlog: 0 } as RemoteRecordStore);
  addIdentityMetrics(metrics, {
    refused: new Map<string, number>(),
    alerted: 0,
    reachable: true,
    unwritten: [],
  } as unknown as Identity);
  addWorkerMetrics(
    metrics,
    () => 1,
    () => 0,
  );
  const machine = { exchange: new CounterHub({ clock: machineClock }), processes: 2 };
  const counters = await openSharedLimits(configOf(`${yaml}gateway: { auth: { required: true } }`), {
    log,
    metrics,
    machine,
  });
  await openPoolSharing(configOf(yaml), { pool: running.gateway.runtime.pool, metrics });
  const telemetry = await openTelemetry(telemetrySchema.parse({ endpoint: 'http://127.0.0.1:9' }), {
    env: {},
    version: '0.0.0',
    clock: machineClock,
    log,
    metrics,
  });
  const known = (await metrics.snapshot()).map(({ name, type }) => [name, type]);
  expect(told.sort()).toEqual(known.sort());
  await telemetry?.close();
  await counters?.close();
  await running.close();
});
