import type { ServerResponse } from 'node:http';
import { WeirError } from '#contract/errors.js';
import type { AttemptOutcome, OutcomeStatus, Usage } from '#contract/outcome.js';
import type { Placement } from '#contract/placement.js';
import type { RouteDraft } from '#contract/stage.js';
import type { Milliseconds } from '#contract/units.js';
import type { Runtime } from '#gateway/runtime.js';
import { type CallListener, UpstreamCall } from '#gateway/upstream/call.js';
import type { Lease } from '#pool/lease.js';
import type { Inbound, Protocol, StreamRelay } from '#protocols/protocol.js';
import type { RequestTrace } from '#telemetry/tracing.js';
import { refusalOf } from './refusal.js';

/** What an attempt has brought, as far as it got. */
export interface Delivery {
  /** The whole answer, when it was not streamed: its bytes, one character each (latin1). */
  readonly text?: string;
  readonly usage?: Usage | undefined;
  readonly finish?: string | undefined;
  /** The client has already been sent the engine's own error event. */
  readonly errorSent?: boolean;
}

/** Who tries: says what is tried, and is told of the first byte and then once of the end. */
export interface AttemptOwner {
  readonly runtime: Runtime;
  readonly protocol: Protocol;
  readonly inbound: Inbound;
  readonly route: RouteDraft;
  readonly trace: RequestTrace | undefined;
  begin(attempt: Attempt): ServerResponse;
  delivered(attempt: Attempt, delivery: Delivery): void;
  /** @param retryable whether another replica or model could do better. */
  broke(attempt: Attempt, error: WeirError, retryable: boolean, delivery: Delivery): void;
}

/** One try at one replica, from the lease to its release. Answers are held back until their first byte says that they are one. */
export class Attempt implements CallListener {
  private readonly call: UpstreamCall;
  private readonly startedAt: Milliseconds;
  private status = 0;
  private relay: StreamRelay | undefined;
  private chunks: Buffer[] | undefined;
  private size = 0;
  private firstByteAt: Milliseconds | undefined;
  private client: ServerResponse | undefined;
  private over = false;

  private readonly stripUsage: boolean;

  constructor(
    private readonly owner: AttemptOwner,
    readonly model: string,
    private readonly lease: Lease,
  ) {
    const { runtime, inbound, route, protocol } = owner;
    const { target } = lease;
    const way = runtime.wayTo(target);
    this.startedAt = runtime.clock.now();
    const injectUsage = inbound.request.stream && way.streamUsage && !inbound.wantsUsage;
    this.stripUsage = injectUsage;
    this.call = new UpstreamCall(
      {
        route: runtime.connections.route(target.url, protocol.enginePath, way.connectMs),
        headers: headersFor(owner, way.headers),
        firstByteMs: way.firstByteMs,
        stallMs: way.stallMs,
      },
      inbound.bodyFor(target.servedModel, route.parameters, injectUsage),
      this,
      runtime.clock,
      runtime.watchdog,
    );
  }

  get placement(): Placement {
    return this.lease.placement;
  }

  start(): void {
    this.lease.sent();
    this.call.start();
  }

  /** The client left or the gateway gives up: the engine is told at once by a closed connection. */
  cancel(): void {
    if (this.over) return;
    this.over = true;
    this.call.abort();
    this.lease.release({ status: 'cancelled', replicaFault: false });
  }

  outcome(status: OutcomeStatus, now: Milliseconds, error?: string): AttemptOutcome {
    const { placement } = this.lease;
    return {
      model: this.model,
      pool: placement.pool,
      replica: placement.replica,
      status,
      httpStatus: this.status,
      durationMs: now - this.startedAt,
      ...(error === undefined ? undefined : { error }),
      ...(this.firstByteAt === undefined ? undefined : { ttftMs: this.firstByteAt - this.startedAt }),
    };
  }

  /** Tokens the engine reported before the attempt was given up. */
  partialUsage(): Usage | undefined {
    return this.relay?.end().usage;
  }

  onHead(status: number, contentType: string): void {
    this.status = status;
    const { stream } = this.owner.inbound.request;
    if (status === 200 && stream) {
      if (contentType.startsWith('text/event-stream')) this.relay = this.owner.protocol.relay(this.stripUsage);
      else
        this.giveUp(
          new WeirError('upstream.malformed', `Asked for a stream, got ${contentType || 'no content type'}`),
          true,
        );
    } else this.chunks = [];
  }

  onData(chunk: Buffer): boolean {
    if (this.over) return true;
    this.size += chunk.length;
    const limit = this.owner.runtime.config.gateway.limits.answer;
    if (this.size > limit) {
      this.giveUp(new WeirError('upstream.too_large', `The answer is longer than ${limit} bytes`), false);
      return true;
    }
    if (this.relay !== undefined) return this.passOn(this.relay, chunk);
    if (this.chunks?.length === 0 && this.status === 200) this.sawFirstByte(true);
    this.chunks?.push(chunk);
    return true;
  }

  onEnd(): void {
    if (this.over) return;
    if (this.relay !== undefined) this.endStream(this.relay);
    else this.endWhole(joined(this.chunks ?? []));
  }

  onFail(error: WeirError): void {
    if (this.over) return;
    this.conclude(error, true, true, this.relay?.end() ?? {});
  }

  private passOn(relay: StreamRelay, chunk: Buffer): boolean {
    let events: Buffer | undefined;
    try {
      events = relay.push(chunk);
    } catch (error) {
      this.giveUp(error as WeirError, true);
      return true;
    }
    if (events === undefined) return true;
    if (this.client === undefined) {
      this.sawFirstByte(false);
      this.client = this.owner.begin(this);
    }
    if (this.client.write(events)) return true;
    this.client.once('drain', () => this.call.resume());
    return false;
  }

  /** @param whole the answer comes in one piece: its first byte says nothing of the first token. */
  private sawFirstByte(whole: boolean): void {
    this.firstByteAt = this.owner.runtime.clock.now();
    this.lease.firstByte(whole);
  }

  private endStream(relay: StreamRelay): void {
    const end = relay.end();
    if (end.complete) {
      this.succeed(end);
      return;
    }
    const error =
      end.error === undefined
        ? new WeirError('upstream.cut', 'The stream ended without saying that it was done')
        : new WeirError('upstream.status', `The replica reported an error in its stream: ${end.error}`);
    this.conclude(error, true, true, { ...end, errorSent: end.error !== undefined && this.client !== undefined });
  }

  private endWhole(body: Buffer): void {
    if (this.status !== 200) {
      const refusal = refusalOf(this.status, body);
      this.conclude(refusal.error, refusal.retryable, refusal.replicaFault, {});
      return;
    }
    const text = body.toString('latin1');
    const facts = this.owner.protocol.factsOf(text);
    if (facts === undefined) {
      const what = body.length === 0 ? 'an empty answer' : 'an answer in no form of its API';
      this.conclude(new WeirError('upstream.malformed', `The replica gave ${what}`), true, true, {});
    } else this.succeed({ text, usage: facts.usage, finish: facts.finish });
  }

  private succeed(delivery: Delivery): void {
    this.over = true;
    const { usage } = delivery;
    this.lease.release({ status: 'answered', replicaFault: false, ...(usage === undefined ? undefined : { usage }) });
    this.owner.delivered(this, delivery);
  }

  private giveUp(error: WeirError, replicaFault: boolean): void {
    this.call.abort();
    this.conclude(error, true, replicaFault, this.relay?.end() ?? {});
  }

  private conclude(error: WeirError, retryable: boolean, replicaFault: boolean, delivery: Delivery): void {
    if (this.over) return;
    this.over = true;
    this.lease.release({ status: this.client === undefined ? 'failed' : 'cut', replicaFault });
    this.owner.broke(this, error, retryable, delivery);
  }
}

/** What the replica is sent: its pool's headers, the decision's, and the trace, the client's own where Weir keeps none. */
function headersFor({ route, trace, inbound }: AttemptOwner, way: Record<string, string>): Record<string, string> {
  const { headers } = route.parameters;
  const given = inbound.request.caller.headers;
  if (trace !== undefined) return { ...way, ...headers, ...trace.attempt() };
  if (given.traceparent !== undefined) {
    const { traceparent, tracestate } = given;
    return { ...way, ...headers, traceparent, ...(tracestate === undefined ? undefined : { tracestate }) };
  }
  return headers === undefined ? way : { ...way, ...headers };
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
