// Long because: the live composition wires all parts once, in one place; what they do stands in files of their own.
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '#config/load.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds } from '#contract/units.js';
import { JobHost } from '#fleet/jobs/job-host.js';
import type { Admission } from '#identity/admission.js';
import type { Grant } from '#identity/grant.js';
import type { Inbound, Memory, Protocol } from '#protocols/protocol.js';
import { protocolAt } from '#protocols/registry.js';
import type { TrafficLog } from '#telemetry/traffic/traffic.js';
import { loopbackGuard } from './admin/guard.js';
import { identityGuard } from './admin/identity-guard.js';
import type { AdminPorts } from './admin/ports.js';
import { bestModel } from './best-model.js';
import { callerOf, type Head, readHead } from './caller.js';
import { Exchange } from './exchange/exchange.js';
import type { ExchangeHost } from './exchange/exchange-host.js';
import { billed } from './exchange/outcome.js';
import { readBody } from './http/body.js';
import { errorHeaders, sendText } from './http/respond.js';
import { createRoutes, type Routes } from './http/routes.js';
import { answerWireErrors } from './http/wire-errors.js';
import { EventFeeds } from './kv-events/feeds.js';
import { keepAnswer, ownerOf, resumed } from './memory.js';
import { RecordFeed } from './record-feed.js';
import { idHeaders, requestIdFor } from './request-id.js';
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
export class Gateway implements ExchangeHost {
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
  private readonly turns: TurnShare;
  /** Requests from the moment their head is read until their exchange has ended. */
  private open = 0;
  private connected = 0;

  private readonly ports: RuntimePorts;

  constructor(config: Config, given: RuntimePorts, admin: Partial<AdminPorts> = {}) {
    this.feed = new RecordFeed(given.records);
    this.traffic = given.traffic;
    this.jobs = new JobHost(given.clock);
    const ports: RuntimePorts = { ...given, records: this.feed };
    this.ports = ports;
    this.startedAt = ports.clock.now();
    this.turns = new TurnShare(ports.clock, setImmediate);
    this.current = createRuntime(config, ports);
    this.events = new EventFeeds(() => this.current.pool, ports.clock);
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
      (request, response) => this.handle(request, response),
    );
    this.server.on('connection', socket => {
      this.connected++;
      socket.once('close', this.onDisconnect);
    });
    answerWireErrors(this.server, code => this.current.metrics.refused(code));
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
    const { auth } = config.gateway;
    this.ports.identity?.configure(auth);
    if (auth.required !== (this.ports.identity !== undefined)) {
      this.ports.log.warn('gateway.auth.required comes into force at the next start', { required: auth.required });
    }
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
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    await this.until(() => this.open === 0 || now?.aborted === true, deadline);
    const left = this.exchanges.size;
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
  }

  private readonly onDisconnect = (): void => {
    this.connected--;
  };

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    const path = pathOf(url);
    const protocol = protocolAt(path);
    if (protocol !== undefined) this.infer(protocol, request, response);
    else this.routes.serve(path, request, response);
  }

  private infer(protocol: Protocol, request: IncomingMessage, response: ServerResponse): void {
    const { clock } = this.ports;
    const runtime = this.current;
    const arrivedAt = clock.now();
    const arrivedWall = clock.wall();
    const id = requestIdFor(request);
    let admission: Admission | undefined;
    const refuse = (error: WeirError): void => {
      runtime.metrics.refused(error.code);
      const address = request.socket.remoteAddress ?? '';
      runtime.accessLog.refused(id, error.code, error.status, address, clock.now() - arrivedAt);
      const headers: OutgoingHttpHeaders = { ...idHeaders(id), ...errorHeaders(error) };
      if (protocol.idHeader !== undefined) headers[protocol.idHeader] = id;
      if (admission !== undefined) {
        const now = clock.wall();
        admission.abandon(now);
        admission.addHeaders(now, headers);
      }
      sendText(response, error.status, protocol.errorBody(error), 'application/json', headers);
    };
    if (request.method !== 'POST') {
      refuse(
        new WeirError('request.method_not_allowed', `${request.method} is not a method of this path`, { hint: 'POST' }),
      );
      return;
    }
    // Who sends traffic over this connection is to open its next one elsewhere.
    if (this.leaving) response.shouldKeepAlive = false;
    if (this.draining) {
      refuse(new WeirError('gateway.draining', 'The gateway is shutting down', { retryAfterMs: 1000 }));
      return;
    }
    const { limits } = runtime.config.gateway;
    if (this.open >= limits.requests) {
      refuse(new WeirError('gateway.overloaded', `${this.open} requests are open already`, { retryAfterMs: 1000 }));
      return;
    }
    this.open++;
    const head = readHead(request, runtime.heads);
    const fail = (error: unknown): void => {
      this.open--;
      refuse(isWeirError(error) ? error : this.defect(id, error));
    };
    const begin = (inbound: Inbound): void => {
      const exchange = new Exchange(runtime, this, protocol, inbound, response, arrivedWall, admission);
      this.exchanges.add(exchange);
      exchange.run();
    };
    const take = (body: Buffer | WeirError): void => {
      let inbound: Inbound;
      const caller = callerOf(head, admission?.principal);
      try {
        if (isWeirError(body)) throw body;
        if (response.destroyed) throw gone();
        inbound = protocol.read(body, { id, arrivedAt, caller });
        this.checkModel(runtime, inbound.request.model, protocol.kind);
        const forbidden = admission?.authorise(inbound.request.model);
        if (forbidden !== undefined) throw forbidden;
      } catch (error) {
        fail(error);
        return;
      }
      if (inbound.memory === undefined) begin(inbound);
      else this.recall(inbound, inbound.memory, ownerOf(caller), response).then(begin, fail);
    };
    const receive = (): void =>
      readBody(request, { bytes: limits.body, timeoutMs: BODY_TIMEOUT_MS }, this.ports, body =>
        this.turns.run(() => take(body)),
      );
    if (runtime.identity === undefined) {
      receive();
      return;
    }
    this.admit(runtime, head, result => {
      if (isWeirError(result)) {
        this.open--;
        // What is left of the body will not be read.
        if (mayBeLong(request)) response.shouldKeepAlive = false;
        refuse(result);
        return;
      }
      admission = result;
      receive();
    });
  }

  /** Establishes who calls and takes a place under their limits, before anything of the body is read. */
  private admit(runtime: Runtime, head: Head, done: (result: Admission | WeirError) => void): void {
    const { identity } = runtime;
    if (identity === undefined) return;
    const failed = (error: unknown): void => done(this.defect('', error));
    const enter = (grant: Grant | WeirError): void => {
      const entered = isWeirError(grant) ? grant : identity.admit(grant);
      if (entered instanceof Promise) entered.then(done, failed);
      else done(entered);
    };
    const granted = identity.authenticate(head);
    if (granted instanceof Promise) granted.then(enter, failed);
    else enter(granted);
  }

  /** The request with what it goes on from, its answer to be kept where the client wants that. */
  private async recall(inbound: Inbound, memory: Memory, owner: string, response: ServerResponse): Promise<Inbound> {
    const { responses, clock } = this.ports;
    const { previous } = memory;
    const whole =
      previous === undefined
        ? inbound
        : await resumed(memory, owner, previous, responses, this.current.config.gateway.limits.body);
    if (response.destroyed) throw gone();
    keepAnswer(whole, memory, owner, responses, () => clock.wall());
    return whole;
  }

  /** @throws WeirError `request.unknown_model`, or `request.unsupported` for a model that is not for this. */
  checkModel(runtime: Runtime, model: string, kind: Protocol['kind']): void {
    if (runtime.router.virtualNames.has(model)) return;
    if (runtime.models.has(model)) {
      const embeds = runtime.embedding.has(model);
      if (embeds === (kind === 'embedding')) return;
      const what = embeds ? 'answers /v1/embeddings only' : 'gives no embeddings';
      throw new WeirError('request.unsupported', `The model ${JSON.stringify(model)} ${what}`, { path: 'model' });
    }
    const names = [...runtime.router.virtualNames, ...runtime.models.keys()];
    throw new WeirError('request.unknown_model', `There is no model ${JSON.stringify(model.slice(0, 80))}`, {
      path: 'model',
      hint: `one of ${names.slice(0, 12).join(', ')}`,
    });
  }

  private defect(id: string, error: unknown): WeirError {
    this.ports.log.error('a request could not be begun', { id, error });
    return new WeirError('internal.defect', 'A defect in Weir', { cause: error });
  }
}

function gone(): WeirError {
  return new WeirError('client.gone', 'The client left before its request was begun');
}

/** How long a body may take to arrive, beside the time its length allows for. */
const BODY_TIMEOUT_MS = 30_000;

/** The path of a request's target, which may be a whole URL (RFC 9112, 3.2.2). */
function pathOf(target: string): string {
  if (target.charCodeAt(0) !== 47 && /^https?:\/\//i.test(target)) {
    const slash = target.indexOf('/', target.indexOf('//') + 2);
    return slash < 0 ? '/' : pathOf(target.slice(slash));
  }
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Bodies that are read to their end although nobody wants them are at most so long: then the connection can be used again. */
const SHORT_BODY = 64 * 1024;

function mayBeLong(request: IncomingMessage): boolean {
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  return !(length <= SHORT_BODY);
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
