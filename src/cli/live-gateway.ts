import { version } from '#cli/version.js';
import type { Config } from '#config/load.js';
import type { Cancel } from '#contract/clock.js';
import { seededRandom } from '#contract/random.js';
import type { RecordStore } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import { type Address, Gateway } from '#gateway/gateway.js';
import { addGatewayMetrics, addRemoteRecordMetrics } from '#gateway/gateway-metrics.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Peers } from '#gateway/runtime.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import { openRecords } from '#store/open-records.js';
import { AccessLog } from '#telemetry/access-log.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';
import { openTelemetry, type Telemetry } from '#telemetry/otel/open.js';

/** The longest that writing what is left of record and traces may hold up the end of the process. */
const CLOSING: Milliseconds = 10_000;

/** Settings that are read once, when the process starts. */
const FIXED = ['listen', 'record', 'workers', 'telemetry'] as const;

export interface LiveOptions {
  readonly seed: number;
  /** Where this is one of several processes that answer for one another. */
  readonly peers?: Peers;
}

/** A gateway with everything it owns in this process: record, metrics, logs, traces, connections. */
export class LiveGateway {
  private constructor(
    readonly gateway: Gateway,
    readonly metrics: Metrics,
    readonly log: Logger,
    private readonly records: RecordStore,
    private readonly telemetry: Telemetry | undefined,
    private readonly accessLog: AccessLog,
    private readonly first: Config,
  ) {}

  /** @throws WeirError when the record cannot be opened. */
  static async open(config: Config, { seed, peers }: LiveOptions): Promise<LiveGateway> {
    const { log: logs } = config.gateway;
    const own = createLogger({ level: logs.level, format: logs.format, stream: process.stderr });
    const log = peers === undefined ? own : own.child({ pid: process.pid });
    const metrics = createMetrics();
    const [{ records, remote }, telemetry] = await Promise.all([
      openRecords(config.gateway.record, error => log.error('the decision record could not be written', { error })),
      openTelemetry(config.gateway.telemetry, {
        env: process.env,
        version: version(),
        clock: machineClock,
        log,
        metrics,
      }),
    ]);
    const accessLog = new AccessLog(log, logs.requests);
    const gateway = new Gateway(config, {
      clock: machineClock,
      random: seededRandom(seed),
      connections: new Connections(),
      watchdog: new Watchdog(machineClock),
      records,
      metrics,
      log,
      accessLog,
      tracer: telemetry?.tracer,
      peers,
    });
    addGatewayMetrics(metrics, gateway, version());
    if (remote !== undefined) addRemoteRecordMetrics(metrics, remote);
    return new LiveGateway(gateway, metrics, log, records, telemetry, accessLog, config);
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
    this.accessLog.mode = requests;
    const changed = FIXED.filter(
      key => JSON.stringify(config.gateway[key]) !== JSON.stringify(this.first.gateway[key]),
    ).map(key => `gateway.${key}`);
    this.log.info('a new configuration is in force', { version: config.version });
    if (changed.length > 0) this.log.warn('changed settings that need a restart', { settings: changed });
  }

  /** Resolves when every record appended so far can be read by all. */
  settle(): Promise<void> {
    return this.records.flush();
  }

  /** Ends open requests within the configured time, at once when `now` is signalled, then writes what is left to be written. */
  async shutdown(why: string, now: AbortSignal): Promise<void> {
    const { gateway, log } = this;
    const { drain: deadline, drain_delay: delay } = gateway.runtime.config.gateway;
    log.info('draining', { signal: why, open: gateway.inFlight, delay_ms: delay, limit_ms: deadline });
    const ended = await gateway.drain({ deadline, delay, now });
    if (ended > 0) log.warn('open requests had to be ended', { requests: ended });
    await within(CLOSING, Promise.allSettled([this.records.close(), this.telemetry?.close()]));
    log.info('ended', { records_dropped: this.records.dropped });
  }

  /** Gives up what {@link LiveGateway.open} took, where it never came to listen. */
  async discard(): Promise<void> {
    await Promise.allSettled([this.records.close(), this.telemetry?.close()]);
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
