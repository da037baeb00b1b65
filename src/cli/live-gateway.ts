import { version } from '#cli/version.js';
import type { Config } from '#config/load.js';
import type { Cancel } from '#contract/clock.js';
import { seededRandom } from '#contract/random.js';
import type { RecordStore, ResponseStore } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import type { LiveConfiguration } from '#gateway/configuration/live-configuration.js';
import { type Address, Gateway } from '#gateway/gateway.js';
import { addGatewayMetrics, addRemoteRecordMetrics } from '#gateway/gateway-metrics.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Peers } from '#gateway/runtime.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import type { Identity } from '#identity/identity.js';
import type { GatewayState } from '#store/gateway-state.js';
import { openRecords } from '#store/open-records.js';
import { openResponses } from '#store/open-responses.js';
import { AccessLog } from '#telemetry/access-log.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';
import { openTelemetry, type Telemetry } from '#telemetry/otel/open.js';

/** The longest that writing what is left of record and traces may hold up the end of the process. */
const CLOSING: Milliseconds = 10_000;

/** Settings that are read once, when the process starts. */
const FIXED = ['listen', 'record', 'responses', 'state', 'workers', 'telemetry'] as const;

export interface LiveOptions {
  readonly seed: number;
  /** What it remembers of itself; closed with it. */
  readonly state: GatewayState;
  /** The file it runs on, for the admin API; absent where another process has it. */
  readonly configuration?: LiveConfiguration;
  /** Where this is one of several processes that answer for one another. */
  readonly peers?: Peers;
}

/** All that a gateway owns in this process and that ends with it. */
interface Parts {
  readonly records: RecordStore;
  readonly responses: ResponseStore;
  readonly identity: Identity | undefined;
  readonly telemetry: Telemetry | undefined;
  readonly accessLog: AccessLog;
}

/** A gateway with everything it owns in this process: record, identity, metrics, logs, traces, connections. */
export class LiveGateway {
  private constructor(
    readonly gateway: Gateway,
    readonly metrics: Metrics,
    readonly log: Logger,
    private readonly parts: Parts,
    private readonly first: Config,
    private readonly options: LiveOptions,
  ) {}

  /** @throws WeirError when the record or the identity database cannot be opened. */
  static async open(config: Config, options: LiveOptions): Promise<LiveGateway> {
    const { seed, peers, configuration } = options;
    const { log: logs, auth, responses: kept } = config.gateway;
    const own = createLogger({ level: logs.level, format: logs.format, stream: process.stderr });
    const log = peers === undefined ? own : own.child({ pid: process.pid });
    const metrics = createMetrics();
    let gateway: Gateway | undefined;
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
            openGatewayIdentity(config, () => gateway?.runtime.config ?? config, log, metrics),
          )
        : undefined,
    ] as const;
    const [{ records, remote }, telemetry, identity] = await Promise.all(opening).catch(async (error: unknown) => {
      // What did open would keep the process from ending.
      const [opened, traces, callers] = await Promise.allSettled(opening);
      if (opened.status === 'fulfilled') await opened.value.records.close();
      if (traces.status === 'fulfilled') await traces.value?.close();
      if (callers.status === 'fulfilled') await callers.value?.close();
      throw error;
    });
    const responses = openResponses(kept, error => log.error('a response could not be stored', { error }));
    const accessLog = new AccessLog(log, logs.requests);
    gateway = new Gateway(
      config,
      {
        clock: machineClock,
        random: seededRandom(seed),
        connections: new Connections(machineClock),
        watchdog: new Watchdog(machineClock),
        records,
        responses,
        metrics,
        log,
        accessLog,
        identity,
        tracer: telemetry?.tracer,
        peers,
      },
      { env: process.env, version: version(), ...(configuration !== undefined && { configuration }) },
    );
    addGatewayMetrics(metrics, gateway, version());
    if (remote !== undefined) addRemoteRecordMetrics(metrics, remote);
    const parts = { records, responses, identity, telemetry, accessLog };
    return new LiveGateway(gateway, metrics, log, parts, config, options);
  }

  listen(): Promise<Address> {
    const { host, port } = this.first.gateway.listen;
    return this.gateway.listen(host, port);
  }

  /** Takes up what is remembered from before: nothing of it is needed to serve. */
  remember(): void {
    const { state, configuration } = this.options;
    try {
      this.gateway.traffic.restore(state.traffic, machineClock.wall());
      configuration?.begin();
    } catch (error) {
      this.log.error('what Weir remembers of itself cannot be read', { error });
    }
  }

  /** Puts a configuration in force. Says so where a changed setting needs a restart. */
  apply(config: Config): void {
    this.gateway.reload(config);
    const { level, requests } = config.gateway.log;
    this.log.setLevel(level);
    this.parts.accessLog.mode = requests;
    const changed = FIXED.filter(
      key => JSON.stringify(config.gateway[key]) !== JSON.stringify(this.first.gateway[key]),
    ).map(key => `gateway.${key}`);
    this.log.info('a new configuration is in force', { version: config.version });
    if (changed.length > 0) this.log.warn('changed settings that need a restart', { settings: changed });
  }

  /** Resolves when every record appended so far can be read by all. */
  settle(): Promise<void> {
    return this.parts.records.flush();
  }

  /** Ends open requests within the configured time, at once when `now` is signalled, then writes what is left to be written. */
  async shutdown(why: string, now: AbortSignal): Promise<void> {
    const { gateway, log } = this;
    const { drain: deadline, drain_delay: delay } = gateway.runtime.config.gateway;
    log.info('draining', { signal: why, open: gateway.inFlight, delay_ms: delay, limit_ms: deadline });
    const ended = await gateway.drain({ deadline, delay, now });
    if (ended > 0) log.warn('open requests had to be ended', { requests: ended });
    gateway.traffic.close();
    await this.discard();
    log.info('ended', { records_dropped: this.parts.records.dropped });
  }

  /** Gives up what {@link LiveGateway.open} took. */
  async discard(): Promise<void> {
    const { records, responses, identity, telemetry } = this.parts;
    this.options.state.close();
    // Each on its own: what one of them cannot write must not cost what the others can.
    const closing = [records, responses, identity, telemetry].map(async part => part?.close());
    await within(CLOSING, Promise.allSettled(closing));
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
