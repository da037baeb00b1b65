import { version } from '#cli/version.js';
import type { Config } from '#config/load.js';
import type { Broadcast } from '#contract/broadcast.js';
import type { Cancel } from '#contract/clock.js';
import { seededRandom } from '#contract/random.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { ConfigVersion, RecordStore, ResponseStore } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import type { ConfigurationDesk } from '#gateway/configuration/desk.js';
import { awaitsRestart } from '#gateway/configuration/read-once.js';
import { type Address, Gateway } from '#gateway/gateway.js';
import { addGatewayMetrics, addModelMetrics, addRemoteRecordMetrics } from '#gateway/gateway-metrics.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Peers } from '#gateway/peers.js';
import type { PoolSharing } from '#gateway/pool-sharing.js';
import { SettledResponses } from '#gateway/settled-responses.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import type { Identity } from '#identity/identity.js';
import type { ModelHost } from '#models/model-host.js';
import { openRecords } from '#store/open-records.js';
import { openResponses } from '#store/open-responses.js';
import { AccessLog } from '#telemetry/access-log.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';
import { openTelemetry, type Telemetry } from '#telemetry/otel/open.js';
import type { TrafficLog } from '#telemetry/traffic/traffic.js';
import { noteEdit } from './edit-note.js';
import { localModels } from './local-models.js';
import { openSharedLimits, type SharingProcess } from './shared-limits.js';
import { openPoolSharing } from './shared-pool.js';

/** The longest that writing what is left of record and traces may hold up the end of the process. */
const CLOSING: Milliseconds = 10_000;

export interface LiveOptions {
  readonly seed: number;
  readonly configuration: ConfigurationDesk;
  /** The history of requests; written to by the gateway, kept by whoever made it. */
  readonly traffic: TrafficLog;
  /** The local models where they were begun before; its own unless given. They end with the gateway. */
  readonly models?: ModelHost;
  /** Where this is one of several processes that answer for one another. */
  readonly together?: Together;
}

/** How one of several processes on this machine reaches the others. */
export interface Together {
  readonly peers: Peers;
  readonly machine: SharingProcess['machine'];
  readonly broadcast: Broadcast;
  /** Tells the others that keys, teams or users have changed. */
  readonly changed: () => Promise<void>;
}

/** All that a gateway owns in this process and that ends with it. */
interface Parts {
  readonly records: RecordStore;
  readonly responses: ResponseStore;
  readonly identity: Identity | undefined;
  readonly telemetry: Telemetry | undefined;
  readonly accessLog: AccessLog;
  readonly counters: SharedCounters | undefined;
  readonly sharing: PoolSharing | undefined;
  readonly localModels: ModelHost;
}

/** A gateway with everything it owns in this process: record, identity, metrics, logs, traces, connections. */
export class LiveGateway {
  private constructor(
    readonly gateway: Gateway,
    readonly metrics: Metrics,
    readonly log: Logger,
    private readonly parts: Parts,
    private readonly first: Config,
  ) {}

  /** @throws WeirError when the record or the identity database cannot be opened. */
  static async open(config: Config, options: LiveOptions): Promise<LiveGateway> {
    const { seed, together, configuration, traffic } = options;
    const peers = together?.peers;
    const { log: logs, auth, responses: kept } = config.gateway;
    const own = createLogger({ level: logs.level, format: logs.format, stream: process.stderr });
    const log = peers === undefined ? own : own.child({ pid: process.pid });
    const metrics = createMetrics();
    let gateway: Gateway | undefined;
    const counters = await openSharedLimits(config, { log, metrics, machine: together?.machine });
    const opening = [
      openRecords(config.gateway.record, error => log.error('the decision record could not be written', { error })),
      openTelemetry(config.gateway.telemetry, {
        env: process.env,
        version: version(),
        clock: machineClock,
        log,
        metrics,
      }),
      auth.required
        ? import('./gateway-identity.js').then(({ openGatewayIdentity }) =>
            openGatewayIdentity(config, {
              log,
              current: () => gateway?.runtime.config ?? config,
              counters,
              onChange: together?.changed,
            }),
          )
        : undefined,
    ] as const;
    const [{ records, remote }, telemetry, identity] = await Promise.all(opening).catch(async (error: unknown) => {
      // What did open would keep the process from ending.
      const [opened, traces, callers] = await Promise.allSettled(opening);
      if (opened.status === 'fulfilled') await opened.value.records.close();
      if (traces.status === 'fulfilled') await traces.value?.close();
      if (callers.status === 'fulfilled') await callers.value?.close();
      await counters?.close();
      throw error;
    });
    if (identity !== undefined) {
      const { addIdentityMetrics, printFirstKey } = await import('./gateway-identity.js');
      addIdentityMetrics(metrics, identity);
      // Of several processes, the one that starts them does it.
      if (together === undefined) await printFirstKey(identity);
    }
    const responses = openResponses(kept, error => log.error('a response could not be stored', { error }));
    const accessLog = new AccessLog(log, logs.requests);
    const models = options.models ?? localModels(log);
    gateway = new Gateway(
      config,
      {
        clock: machineClock,
        random: seededRandom(seed),
        connections: new Connections(machineClock),
        watchdog: new Watchdog(machineClock),
        records,
        responses: peers === undefined ? responses : new SettledResponses(responses, () => peers.settle()),
        traffic,
        metrics,
        log,
        accessLog,
        localModels: models,
        identity,
        tracer: telemetry?.tracer,
        peers,
      },
      { env: process.env, version: version(), configuration },
    );
    const { pool } = gateway.runtime;
    const sharing = await openPoolSharing(config, { pool, metrics, machine: together?.broadcast });
    addGatewayMetrics(metrics, gateway, version());
    addModelMetrics(metrics, () => models.status());
    if (remote !== undefined) addRemoteRecordMetrics(metrics, remote);
    const parts = { records, responses, identity, telemetry, accessLog, counters, sharing, localModels: models };
    return new LiveGateway(gateway, metrics, log, parts, config);
  }

  listen(): Promise<Address> {
    const { host, port } = this.first.gateway.listen;
    return this.gateway.listen(host, port);
  }

  /** Puts a configuration in force. Says so where a changed setting needs a restart. */
  apply(config: Config): void {
    this.gateway.reload(config);
    const { level, requests } = config.gateway.log;
    this.log.setLevel(level);
    this.parts.accessLog.mode = requests;
    this.log.info('a new configuration is in force', { version: config.version });
    const settings = awaitsRestart(this.first, config);
    if (settings.length > 0) this.log.warn('changed settings that need a restart', { settings });
  }

  /** Notes in the audit log, where there is one, that an edit of the file came into force. */
  noteEdit(edit: ConfigVersion): Promise<void> {
    return noteEdit(this.parts.identity, edit, this.log);
  }

  /** Resolves when every record, stored response and settlement so far can be read by all. */
  async settle(): Promise<void> {
    const { records, responses, identity } = this.parts;
    await Promise.all([records.flush(), responses.flush(), identity?.flush()]);
  }

  /** Has the counts that processes share told and heard at once. */
  async exchange(): Promise<void> {
    await this.parts.counters?.exchange();
  }

  /** Looks for keys, teams and users that another process has changed. */
  async refresh(): Promise<void> {
    await this.parts.identity?.refresh();
  }

  /** Ends open requests within the configured time, at once when `now` is signalled, then writes what is left to be written. */
  async shutdown(why: string, now: AbortSignal): Promise<void> {
    const { gateway, log } = this;
    const { drain: deadline, drain_delay: delay } = gateway.runtime.config.gateway;
    log.info('draining', { signal: why, open: gateway.inFlight, delay_ms: delay, limit_ms: deadline });
    const ended = await gateway.drain({ deadline, delay, now });
    if (ended > 0) log.warn('open requests had to be ended', { requests: ended });
    await this.discard();
    log.info('ended', { records_dropped: this.parts.records.dropped });
  }

  /** Gives up what {@link LiveGateway.open} took. */
  async discard(): Promise<void> {
    const { records, responses, identity, telemetry, counters, sharing, localModels } = this.parts;
    await sharing?.close();
    // Each on its own: what one of them cannot write must not cost what the others can.
    const closing = [records, responses, identity, telemetry, localModels].map(async part => part?.close());
    await within(CLOSING, Promise.allSettled(closing));
    // After what was settled last.
    await within(CLOSING, Promise.allSettled([counters?.close()]));
  }
}

async function within(limit: Milliseconds, work: Promise<unknown>): Promise<void> {
  let stop: Cancel | undefined;
  const late = new Promise<void>(resolve => {
    const timer = setTimeout(resolve, limit);
    stop = () => clearTimeout(timer);
  });
  await Promise.race([work, late]);
  stop?.();
}
