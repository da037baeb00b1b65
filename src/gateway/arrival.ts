import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { type Admission, addCallerHeaders } from '#identity/admission.js';
import type { Grant } from '#identity/grant.js';
import type { Identity } from '#identity/identity.js';
import type { Inbound, Memory, Protocol } from '#protocols/protocol.js';
import { callerOf, type Head, readHead } from './caller.js';
import { Exchange } from './exchange/exchange.js';
import type { ExchangeHost } from './exchange/exchange-host.js';
import { readBody } from './http/body.js';
import { errorHeaders, sendText } from './http/respond.js';
import { keepAnswer, ownerOf, resumed } from './memory.js';
import { checkNamedModel } from './named-model.js';
import { idHeaders, requestIdFor } from './request-id.js';
import type { Runtime, RuntimePorts } from './runtime.js';
import type { TurnShare } from './turn-share.js';

/** What an arrival needs of the gateway around it. */
export interface ArrivalHost extends ExchangeHost {
  readonly ports: RuntimePorts;
  readonly turns: TurnShare;
  readonly runtime: Runtime;
  readonly leaving: boolean;
  readonly draining: boolean;
  /** Requests open now. */
  readonly inFlight: number;
  /** A request is open from now on. */
  opened(): void;
  /** It is open no more, and no exchange came of it. */
  turnedAway(): void;
  /** An exchange came of it, which ends it. */
  begins(exchange: Exchange): void;
  /** What a caller is told of a defect; the log has the rest. */
  defect(id: string, error: unknown): WeirError;
}

/** How long a body may take to arrive, beside the time its length allows for. */
const BODY_TIMEOUT_MS = 30_000;
/** Bodies that are read to their end although nobody wants them are at most so long: then the connection can be used again. */
const SHORT_BODY = 64 * 1024;

/**
 * A request on its way in, from its head until an exchange takes it over or it is refused in the form of its API: who calls and what they may
 * is known before a byte of the body is read.
 */
export class Arrival {
  private readonly runtime: Runtime;
  private readonly arrivedAt: Milliseconds;
  private readonly arrivedWall: Milliseconds;
  private readonly id: string;
  private readonly head: Head;
  private admission: Admission | undefined;
  /** Whoever calls, once that is known: refusals tell what they have left, too. */
  private grant: Grant | undefined;

  constructor(
    private readonly host: ArrivalHost,
    private readonly protocol: Protocol,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    const { clock } = host.ports;
    // A reload in the meantime does not change what this request began with.
    this.runtime = host.runtime;
    this.arrivedAt = clock.now();
    this.arrivedWall = clock.wall();
    this.id = requestIdFor(request);
    this.head = readHead(request, this.runtime.heads);
  }

  begin(): void {
    const { host } = this;
    // Who sends traffic over this connection is to open its next one elsewhere.
    if (host.leaving) this.response.shouldKeepAlive = false;
    const obstacle = this.obstacle();
    if (obstacle !== undefined) {
      this.refuse(obstacle);
      return;
    }
    host.opened();
    if (this.runtime.identity === undefined) this.receive();
    else this.admit(this.runtime.identity);
  }

  /** Why nothing of the request is even looked at. */
  private obstacle(): WeirError | undefined {
    const { host, request } = this;
    if (request.method !== 'POST') {
      const message = `${request.method} is not a method of this path`;
      return new WeirError('request.method_not_allowed', message, { hint: 'POST' });
    }
    if (host.draining) {
      return new WeirError('gateway.draining', 'The gateway is shutting down', { retryAfterMs: 1000 });
    }
    if (host.inFlight < this.runtime.config.gateway.limits.requests) return undefined;
    return new WeirError('gateway.overloaded', `${host.inFlight} requests are open already`, { retryAfterMs: 1000 });
  }

  /** Establishes who calls and takes a place under their limits, before anything of the body is read. */
  private admit(identity: Identity): void {
    const failed = (error: unknown): void => this.admitted(this.host.defect(this.id, error));
    const enter = (grant: Grant | WeirError): void => {
      if (isWeirError(grant)) {
        this.admitted(grant);
        return;
      }
      this.grant = grant;
      const entered = identity.admit(grant);
      if (entered instanceof Promise) entered.then(result => this.admitted(result), failed);
      else this.admitted(entered);
    };
    const granted = identity.authenticate(this.head);
    if (granted instanceof Promise) granted.then(enter, failed);
    else enter(granted);
  }

  private admitted(result: Admission | WeirError): void {
    if (isWeirError(result)) {
      // What is left of the body will not be read.
      if (mayBeLong(this.request)) this.response.shouldKeepAlive = false;
      this.turnAway(result);
      return;
    }
    this.admission = result;
    this.receive();
  }

  private receive(): void {
    const { host } = this;
    const limits = { bytes: this.runtime.config.gateway.limits.body, timeoutMs: BODY_TIMEOUT_MS };
    readBody(this.request, limits, host.ports, body => host.turns.run(() => this.take(body)));
  }

  private take(body: Buffer | WeirError): void {
    const { admission, protocol, runtime } = this;
    const caller = callerOf(this.head, admission?.principal);
    let inbound: Inbound;
    try {
      if (isWeirError(body)) throw body;
      if (this.response.destroyed) throw gone();
      inbound = protocol.read(body, { id: this.id, arrivedAt: this.arrivedAt, caller });
      const { model } = inbound.request;
      checkNamedModel(runtime, model, protocol.kind, this.grant);
      const forbidden = admission?.authorise(model);
      if (forbidden !== undefined) throw forbidden;
    } catch (error) {
      this.turnAway(error);
      return;
    }
    if (inbound.memory === undefined) this.handOver(inbound);
    else {
      this.recall(inbound, inbound.memory, ownerOf(caller)).then(
        whole => this.handOver(whole),
        error => this.turnAway(error),
      );
    }
  }

  /** The request with what it goes on from, its answer to be kept where the client wants that. */
  private async recall(inbound: Inbound, memory: Memory, owner: string): Promise<Inbound> {
    const { responses, clock } = this.host.ports;
    const whole = await resumed(inbound, memory, owner, responses, this.runtime.config.gateway.limits.body);
    if (this.response.destroyed) throw gone();
    keepAnswer(whole, memory, owner, responses, () => clock.wall());
    return whole;
  }

  private handOver(inbound: Inbound): void {
    const { admission, arrivedWall, host, protocol, response, runtime } = this;
    let exchange: Exchange;
    try {
      exchange = new Exchange(runtime, host, protocol, inbound, response, arrivedWall, admission);
    } catch (error) {
      this.turnAway(error);
      return;
    }
    host.begins(exchange);
    exchange.run();
  }

  private turnAway(error: unknown): void {
    this.host.turnedAway();
    this.refuse(isWeirError(error) ? error : this.host.defect(this.id, error));
  }

  private refuse(error: WeirError): void {
    const { admission, grant, id, protocol, request, runtime } = this;
    const { clock } = this.host.ports;
    runtime.metrics.refused(error.code);
    const address = request.socket.remoteAddress ?? '';
    runtime.accessLog.refused(id, error.code, error.status, address, clock.now() - this.arrivedAt);
    const headers: OutgoingHttpHeaders = { ...idHeaders(id), ...errorHeaders(error) };
    if (protocol.idHeader !== undefined) headers[protocol.idHeader] = id;
    if (grant !== undefined) {
      const now = clock.wall();
      admission?.abandon(now);
      addCallerHeaders(grant, now, headers);
    }
    sendText(this.response, error.status, protocol.errorBody(error), 'application/json', headers);
  }
}

function gone(): WeirError {
  return new WeirError('client.gone', 'The client left before its request was begun');
}

function mayBeLong(request: IncomingMessage): boolean {
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  return !(length <= SHORT_BODY);
}
