// Long because: the live composition wires all parts once, in one place; what they do stands in files of their own.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as Listener } from 'node:net';
import type { Config } from '#config/load.js';
import { WeirError } from '#contract/errors.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds } from '#contract/units.js';
import { JobHost } from '#fleet/jobs/job-host.js';
import { KEPT_LENGTHS } from '#fleet/scale/recent-lengths.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { protocolAt } from '#protocols/registry.js';
import type { TrafficLog } from '#telemetry/traffic/traffic.js';
import { loopbackGuard } from './admin/guard.js';
import { identityGuard } from './admin/identity-guard.js';
import type { AdminPorts } from './admin/ports.js';
import { Arrival, type ArrivalHost } from './arrival.js';
import { bestModel } from './best-model.js';
import type { Exchange } from './exchange/exchange.js';
import { billed } from './exchange/outcome.js';
import { sendText } from './http/respond.js';
import { createRoutes, type Routes } from './http/routes.js';
import { dropStalledClients } from './http/stalled-clients.js';
import { answerWireErrors } from './http/wire-errors.js';
import { EventFeeds } from './kv-events/feeds.js';
import { RecordFeed } from './record-feed.js';
import { Roster } from './roster.js';
import { createRuntime, headersOf, type Runtime, type RuntimePorts } from './runtime.js';
import { ReplicaAdviser } from './scaling/replica-adviser.js';
import { standingOfAll } from './standing.js';
import { TrafficTap } from './traffic-tap.js';
import { TurnShare } from './turn-share.js';
import { Prober, type ProbeTarget } from './upstream/probe.js';

/** A gateway that listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface DrainOptions {
  /** How long open requests may take to finish. */
  readonly deadline: Milliseconds;
  /** How long new requests are still taken although the gateway says that it is not ready: load balancers need time to see it. */
  readonly delay?: Milliseconds;
  /** Ends what is open at once. */
  readonly now?: AbortSignal;
}

/**
 * The live composition: one HTTP server in front of the three parts. A reload swaps the {@link Runtime}; requests in flight end
 * on the one they began with.
 */
export class Gateway implements ArrivalHost {
  readonly startedAt: Milliseconds;
  /** Asked to end: not ready any more, though it may still take requests for {@link DrainOptions.delay}. */
  leaving = false;
  /** Takes no new requests. */
  draining = false;
  /** What signals need has been loaded: from now on none is unknown for want of its model. */
  prepared = false;
  /** Records as they come. */
  readonly feed: RecordFeed;
  /** Plans, simulations and comparisons that the page asks for. */
  readonly jobs: JobHost;
  /** Where traffic is recorded as it goes. */
  readonly tap = new TrafficTap();
  /** What happened over the last days. */
  readonly traffic: TrafficLog;
  /** How many replicas pools should have. */
  readonly adviser: ReplicaAdviser;
  private current: Runtime;
  private readonly exchanges = new Roster<Exchange>();
  private readonly server: Server;
  private readonly prober: Prober;
  private readonly events: EventFeeds;
  private readonly routes: Routes;
  readonly turns: TurnShare;
  /** Requests from the moment their head is read until their exchange has ended. */
  private open = 0;
  /** Answers that have ended here and not yet left. */
  private unsent = 0;
  private connected = 0;

  readonly ports: RuntimePorts;

  constructor(config: Config, given: RuntimePorts, admin: Partial<AdminPorts> = {}) {
    this.feed = new RecordFeed(given.records);
    this.traffic = given.traffic;
    this.jobs = new JobHost(given.clock);
    const ports: RuntimePorts = { ...given, records: this.feed };
    this.ports = ports;
    this.startedAt = ports.clock.now();
    this.turns = new TurnShare(ports.clock, setImmediate);
    this.current = createRuntime(config, ports);
    this.events = new EventFeeds(() => this.current.pool, ports.clock, ports.log);
    this.events.addMetrics(ports.metrics);
    this.prober = new Prober(ports.connections, ports.clock, ports.random.fork('probe'), {
      probed: (id, healthy, latency) => this.current.pool.probed(id, healthy, latency),
      reported: (id, { cacheTokens, startedAt, waiting }) =>
        this.current.pool.observed(id, {
          ...(cacheTokens === undefined ? undefined : { kvTokens: cacheTokens }),
          ...(startedAt === undefined ? undefined : { startedAt }),
          ...(waiting === undefined ? undefined : { waiting }),
        }),
    });
    this.adviser = new ReplicaAdviser({
      ...{ traffic: this.traffic, clock: ports.clock },
      runtime: () => this.current,
      standing: () => standingOfAll(this),
      lengths: async () => this.current.peers?.lengths(KEPT_LENGTHS) ?? [this.adviser.lengths(KEPT_LENGTHS)],
    });
    this.feed.watch(record => {
      this.adviser.observe(record);
      const { usage } = record.outcome;
      const best = usage === undefined ? undefined : bestModel(this.current.models.values());
      const baseline = usage === undefined || best === undefined ? undefined : billed(usage, best.price);
      this.traffic.observe(record, ports.clock.wall(), baseline);
    });
    const guard =
      given.identity === undefined ? loopbackGuard : identityGuard(given.identity, () => this.current.heads);
    this.routes = createRoutes(this, { guard, env: {}, version: '', ...admin });
    this.server = createServer(
      { keepAliveTimeout: 75_000, requestTimeout: 0, headersTimeout: 60_000 },
      (request, response) => this.guarded(request, response),
    );
    this.server.on('connection', socket => {
      this.connected++;
      socket.once('close', this.onDisconnect);
    });
    answerWireErrors(this.server, code => this.current.metrics.refused(code));
    dropStalledClients(this.server, config.gateway.limits.unread);
  }

  get runtime(): Runtime {
    return this.current;
  }

  /** Requests open now. */
  get inFlight(): number {
    return this.open;
  }

  /** Connections of clients that stand now, idle ones included. */
  get connections(): number {
    return this.connected;
  }

  /**
   * Starts to listen, to probe the replicas and to follow what they tell of their caches.
   *
   * @throws WeirError `pool.events_unavailable` when packages for that are missing.
   */
  async listen(host: string, port: number): Promise<Address> {
    await this.events.retarget();
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.prober.retarget(probeTargets(this.current));
    this.adviser.start();
    void this.current.router.prepare().then(() => {
      this.prepared = true;
    });
    const bound = (this.server.address() as AddressInfo).port;
    const shown = host.includes(':') ? `[${host}]` : host;
    return { host, port: bound, url: `http://${shown}:${bound}` };
  }

  /** Puts a configuration in force for the requests to come. */
  reload(config: Config): void {
    this.current = createRuntime(config, this.ports, this.current);
    const { auth, limits } = config.gateway;
    this.server.timeout = limits.unread;
    this.ports.identity?.configure(auth);
    void this.current.router.prepare();
    const replicas = this.current.pool.replicas();
    this.prober.retarget(probeTargets(this.current));
    this.events.retarget().catch((error: unknown) => {
      this.ports.log.error('KV events are not followed: placement goes by estimates', { error });
    });
    this.ports.connections.keepOnly(replicas.map(replica => replica.url));
  }

  /**
   * Ends the gateway. At first it only stops being ready, so that who sends it traffic can go elsewhere; then it takes no new
   * requests and lets open ones finish; what is left at the deadline, or when `now` is signalled, ends with an honest error.
   *
   * @returns how many requests had to be ended.
   */
  async drain({ deadline, delay = 0, now }: DrainOptions): Promise<number> {
    this.leaving = true;
    await this.until(() => now?.aborted === true, delay);
    this.draining = true;
    // Not its own `close`: Node takes a connection for idle whose answer has ended, though most of it may still have to leave.
    const closed = new Promise<void>(resolve => Listener.prototype.close.call(this.server, () => resolve()));
    await this.until(() => {
      if (this.unsent === 0) this.server.closeIdleConnections();
      return this.open + this.unsent === 0 || now?.aborted === true;
    }, deadline);
    const left = this.exchanges.size + this.unsent;
    const error = new WeirError('gateway.draining', 'The gateway is shutting down and could wait no longer');
    this.exchanges.forEach(exchange => {
      exchange.stop(error);
    });
    this.prober.stop();
    this.adviser.stop();
    this.events.close();
    await pause(left > 0 ? 50 : 0);
    this.server.closeAllConnections();
    await closed;
    this.server.close();
    this.ports.connections.destroy();
    return left;
  }

  /** Waits until something holds, but no longer than `limit`. */
  private async until(holds: () => boolean, limit: Milliseconds): Promise<void> {
    const begun = this.ports.clock.now();
    while (!holds() && this.ports.clock.now() - begun < limit) await pause(20);
  }

  /** {@link ExchangeHost} */
  recorded(record: DecisionRecord, profile: WorkloadProfile): void {
    this.tap.tell(record, profile);
  }

  /** {@link ExchangeHost} */
  ended(exchange: Exchange): void {
    this.exchanges.delete(exchange);
    this.open--;
    const { response } = exchange;
    if (response.writableLength === 0 || response.closed) return;
    this.unsent++;
    response.once('close', this.onSent);
  }

  /** {@link ArrivalHost} */
  opened(): void {
    this.open++;
  }

  /** {@link ArrivalHost} */
  turnedAway(): void {
    this.open--;
  }

  /** {@link ArrivalHost} */
  begins(exchange: Exchange): void {
    this.exchanges.add(exchange);
  }

  private readonly onSent = (): void => {
    this.unsent--;
  };

  private readonly onDisconnect = (): void => {
    this.connected--;
  };

  /** A defect that one request brings to light ends that request, not the process and all that is open in it. */
  private guarded(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.handle(request, response);
    } catch (error) {
      const defect = this.defect('', error);
      sendText(response, defect.status, openaiChat.errorBody(defect), 'application/json', { connection: 'close' });
    }
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    const path = pathOf(url);
    const protocol = protocolAt(path);
    if (protocol !== undefined) new Arrival(this, protocol, request, response).begin();
    else this.routes.serve(path, request, response);
  }

  /** {@link ArrivalHost} */
  defect(id: string, error: unknown): WeirError {
    this.ports.log.error('a request could not be begun', { ...(id === '' ? undefined : { id }), error });
    return new WeirError('internal.defect', 'A defect in Weir', { cause: error });
  }
}

/** The path of a request's target, which may be a whole URL (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  if (target.charCodeAt(0) !== 47 && /^https?:\/\//i.test(target)) {
    const slash = target.indexOf('/', target.indexOf('//') + 2);
    return slash < 0 ? '/' : pathOf(target.slice(slash));
  }
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

function probeTargets(runtime: Runtime): ProbeTarget[] {
  return runtime.pool.probes().flatMap(probe => {
    const entry = runtime.config.pool.pools[probe.pool];
    if (entry === undefined) return [];
    return [
      {
        id: probe.id,
        url: probe.url,
        metricsUrl: new URL('/metrics', probe.url).href,
        interval: probe.intervalMs,
        timeout: probe.timeoutMs,
        headers: headersOf(entry),
        connectTimeout: entry.timeouts.connect,
      },
    ];
  });
}

function pause(ms: Milliseconds): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
