// Long because: one attempt at one replica is one state machine, and every way it can end must see the same state.
import type { ServerResponse } from 'node:http';
import { AnswerStopped } from '#contract/answer-guard.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { AttemptOutcome, OutcomeStatus, Usage } from '#contract/outcome.js';
import type { Placement } from '#contract/placement.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { RouteDraft } from '#contract/stage.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { Runtime } from '#gateway/runtime.js';
import { type CallListener, UpstreamCall } from '#gateway/upstream/call.js';
import { retryAfterOf } from '#gateway/upstream/retry-after.js';
import { withoutSecrets } from '#gateway/upstream/secrets.js';
import type { Lease } from '#pool/lease.js';
import { BytePile } from '#protocols/byte-pile.js';
import { beginsWithError } from '#protocols/first-error.js';
import { GuardChain, type GuardReport } from '#protocols/guards/guard-chain.js';
import { GuardedRelay } from '#protocols/guards/guarded-relay.js';
import { parsedObject } from '#protocols/json.js';
import { withRetention } from '#protocols/openai/body-members.js';
import type { AnswerFacts, Inbound, Protocol, StreamRelay } from '#protocols/protocol.js';
import { Translation } from '#protocols/translation.js';
import type { RequestTrace } from '#telemetry/tracing.js';
import { termsOf } from './engine-terms.js';
import { EventCount } from './event-count.js';
import type { HeldShare } from './held-room.js';
import { refusalOf } from './refusal.js';
import { RemotePrompt } from './remote-prompt.js';

/** What an attempt has brought, as far as it got. */
export interface Delivery {
  /** The whole answer, when it was not streamed: its bytes, one character each (latin1). */
  readonly text?: string;
  /** All events of a stream that was held back. */
  readonly stream?: Buffer;
  readonly usage?: Usage | undefined;
  readonly finish?: string | undefined;
  /** The client has already been sent the engine's own error event. */
  readonly errorSent?: boolean;
  /** The whole answer, where the stream repeated it at its end. */
  readonly whole?: string | undefined;
  /** Events sent to the client, where its API numbers them. */
  readonly events?: number;
}

/** Who tries: says what is tried, and is told of the first byte and then once of the end. */
export interface AttemptOwner {
  readonly runtime: Runtime;
  readonly protocol: Protocol;
  /** The request as engines are sent it. */
  readonly outbound: Inbound;
  readonly route: RouteDraft;
  readonly profile: WorkloadProfile;
  readonly trace: RequestTrace | undefined;
  begin(attempt: Attempt): ServerResponse;
  delivered(attempt: Attempt, delivery: Delivery): void;
  /** A whole answer, none of which has left. */
  held(attempt: Attempt, delivery: Delivery): void;
  /** A guard lets no more of the answer pass; what has left of it so far may be nothing. */
  stopped(attempt: Attempt, stop: AnswerStopped, delivery: Delivery): void;
  /** @param retryable whether another replica or model could do better. */
  broke(attempt: Attempt, error: WeirError, retryable: boolean, delivery: Delivery): void;
  defect(error: unknown): void;
}

/** One try at one replica, from the lease to its release. Answers are held back until their first byte says that they are one. */
export class Attempt implements CallListener {
  private call: UpstreamCall | undefined;
  /** The prompt, where another replica computes it. */
  private readonly prompt: RemotePrompt | undefined;
  /** What the replica is sent, until it is. */
  private body: Buffer | undefined;
  private readonly startedAt: Milliseconds;
  private status = 0;
  /** For how long the replica asks to be left alone. */
  private retryAfterMs: Milliseconds | undefined;
  private relay: StreamRelay | undefined;
  private pile: BytePile | undefined;
  private size = 0;
  private firstByteAt: Milliseconds | undefined;
  private client: ServerResponse | undefined;
  private over = false;
  /** The stream's events, or a whole answer's length: what its tokens are estimated from when nothing reports them. */
  private events = new EventCount();
  private answerChars = 0;

  private readonly headers: Record<string, string>;
  private readonly path: string;
  private readonly stripUsage: boolean;
  /** There when the replica speaks another API than the client. */
  private readonly translation: Translation | undefined;
  /** There when the answer has to pass guards. */
  private guards: GuardChain | undefined;
  /** Events of a stream that is held back. */
  private kept: BytePile | undefined;
  /** What the answer takes of the room for those that wait until they are whole. */
  private share: HeldShare;

  /** @throws WeirError `request.unsupported` when the replica's API cannot do what is asked. */
  constructor(
    private readonly owner: AttemptOwner,
    readonly model: string,
    private readonly lease: Lease,
    /** Nothing of the answer goes to the client before it is whole and has been judged. */
    private readonly hold: boolean,
  ) {
    const { runtime, outbound: inbound, route, protocol } = owner;
    const { target } = lease;
    const way = runtime.wayTo(target);
    this.startedAt = runtime.clock.now();
    const injectUsage = inbound.request.stream && way.streamUsage && !inbound.wantsUsage;
    this.stripUsage = injectUsage;
    const passes = way.api === protocol.api;
    const own = passes ? inbound.engineHeaders : undefined;
    if (!passes) {
      const head = { id: inbound.request.id, model, at: runtime.clock.wall() };
      this.translation = new Translation(inbound, way.engine, termsOf(target, way), route.parameters, head);
    }
    this.guards = this.newGuards();
    this.share = this.newShare();
    this.headers = headersFor(owner, way.headers, own);
    this.path = (passes ? protocol : way.engine).enginePath;
    const asked = this.translation?.body ?? inbound.bodyFor(target.servedModel, route.parameters, injectUsage);
    const { retention } = lease.placement;
    const kept = retention !== undefined && OF_VLLM.has(this.path);
    const body = kept ? withRetention(asked, retention, owner.profile.session) : asked;
    this.body = body;
    if (lease.prefill === undefined) return;
    if (OF_VLLM.has(this.path)) this.prompt = new RemotePrompt(runtime, lease, lease.prefill, this.path, body);
    else {
      lease.prefill.release({ status: 'cancelled', replicaFault: false });
      lease.computesPrompt();
    }
  }

  /** What got lost between the client's API and the replica's. */
  get lost(): readonly string[] {
    return this.translation?.lost ?? NOTHING_LOST;
  }

  /** What the guards say of the answer; nothing before its end. */
  get reports(): readonly GuardReport[] {
    return this.guards?.reports ?? NO_REPORTS;
  }

  /** Headers of the pool that the replica is shown, its key among them. */
  private get shown(): Readonly<Record<string, string>> {
    return this.owner.runtime.wayTo(this.lease.target).headers;
  }

  get placement(): Placement {
    return this.lease.placement;
  }

  start(): void {
    this.lease.sent();
    const { body, prompt } = this;
    this.body = undefined;
    if (prompt !== undefined) prompt.start((ready, headers) => this.over || this.send(ready, headers));
    else if (body !== undefined) this.send(body);
  }

  private send(body: Buffer, more?: Readonly<Record<string, string>>): void {
    const { runtime } = this.owner;
    const { target } = this.lease;
    const way = runtime.wayTo(target);
    this.call = new UpstreamCall(
      {
        route: runtime.connections.route(target.url, this.path, way.connectMs),
        headers: more === undefined ? this.headers : { ...this.headers, ...more },
        firstByteMs: way.firstByteMs,
        stallMs: way.stallMs,
      },
      body,
      this,
      runtime.clock,
      runtime.watchdog,
    );
    this.call.start();
  }

  /** Once more on the same replica, which now computes the prompt itself. */
  private sendAgain(body: Buffer): void {
    this.status = 0;
    this.retryAfterMs = undefined;
    this.relay = undefined;
    this.size = 0;
    this.events = new EventCount();
    this.letGo();
    this.share = this.newShare();
    this.firstByteAt = undefined;
    this.guards = this.newGuards();
    this.send(body);
  }

  /** The client left or the gateway gives up: the engine is told at once by a closed connection. */
  cancel(): void {
    if (this.over) {
      // Its answer is whole and was not sent.
      this.letGo();
      return;
    }
    this.over = true;
    this.prompt?.cancel();
    this.call?.abort();
    this.letGo();
    this.lease.release({ status: 'cancelled', replicaFault: false });
  }

  /** Nothing of the answer is needed here any more. Once is enough; whoever has been handed a whole answer must say so. */
  letGo(): void {
    this.kept = undefined;
    this.pile = undefined;
    this.share.release();
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
      ...(this.prompt === undefined ? undefined : { prefill: this.prompt.outcome(now) }),
    };
  }

  /** Tokens the engine reported before the attempt was given up. */
  partialUsage(): Usage | undefined {
    return this.relay?.end().usage;
  }

  /** What the engine reported at the beginning of its stream, of which it never came to report the end. */
  get begunUsage(): Usage | undefined {
    return this.relay?.end().begun;
  }

  /** What the engine will have counted, where it reported nothing: the prompt as estimated, a token an event, or one in four characters. */
  estimatedUsage(): Usage {
    const { profile, outbound: inbound } = this.owner;
    const { begunUsage: begun } = this;
    let completionTokens =
      this.relay === undefined ? Math.ceil(this.answerChars / CHARS_PER_TOKEN) : this.events.of(this.size);
    const most = inbound.request.sampling.maxOutputTokens;
    if (most !== undefined) completionTokens = Math.min(completionTokens, most * inbound.request.sampling.n);
    return {
      promptTokens: begun?.promptTokens ?? profile.promptTokens(this.model),
      completionTokens: Math.max(completionTokens, begun?.completionTokens ?? 0),
      cachedTokens: begun?.cachedTokens ?? 0,
    };
  }

  onHead(status: number, contentType: string, retryAfter: string): void {
    this.status = status;
    this.retryAfterMs = retryAfterOf(status, retryAfter, this.owner.runtime.clock.wall());
    const { stream, sampling } = this.owner.outbound.request;
    if (status === 200 && stream) {
      if (contentType.startsWith('text/event-stream')) {
        const { protocol } = this.owner;
        this.relay = this.guarded(this.translation?.relay() ?? protocol.relay(this.stripUsage, sampling.n));
      } else
        this.giveUp(new WeirError('upstream.malformed', `Asked for a stream, got ${contentType || 'no content type'}`));
    } else this.pile = new BytePile();
  }

  onData(chunk: Buffer): boolean {
    if (this.over) return true;
    this.size += chunk.length;
    const limit = this.owner.runtime.config.gateway.limits.answer;
    if (this.size > limit) {
      this.giveUp(new WeirError('upstream.too_large', `The answer is longer than ${limit} bytes`));
      return true;
    }
    if (this.relay !== undefined) {
      this.events.see(chunk);
      return this.passOn(this.relay, relay => relay.push(chunk));
    }
    if (!this.grows(this.size)) return true;
    if (this.pile?.length === 0 && this.status === 200) this.sawFirstByte(true);
    this.pile?.push(chunk);
    return true;
  }

  /** So much of the answer is held now. @returns whether it may; the attempt has ended where it may not. */
  private grows(to: Bytes): boolean {
    try {
      this.share.grow(to);
      return true;
    } catch (error) {
      this.giveUp(error as WeirError);
      return false;
    }
  }

  onEnd(): void {
    if (this.over) return;
    if (this.relay !== undefined) this.closeStream(this.relay);
    else this.endWhole(this.pile?.take() ?? Buffer.alloc(0));
  }

  onFail(error: WeirError): void {
    if (this.over) return;
    this.conclude(error, true, true, this.relay?.end() ?? {});
  }

  onDefect(error: unknown): void {
    this.owner.defect(error);
  }

  private passOn(relay: StreamRelay, next: (relay: StreamRelay) => Buffer | undefined): boolean {
    let events: Buffer | undefined;
    try {
      events = next(relay);
    } catch (error) {
      this.giveUp(faultIn(error));
      return true;
    }
    if (events === undefined) {
      if (relay.stopped !== undefined) this.stop(relay.stopped, relay.end());
      return true;
    }
    if (this.hold) return this.keep(relay, events);
    if (this.client === undefined) {
      // An error in the place of an answer: while nothing has been said, another replica may do better.
      if (relay.end().error !== undefined && beginsWithError(events)) {
        this.call?.abort();
        this.endStream(relay);
        return true;
      }
      this.sawFirstByte(false);
      this.client = this.owner.begin(this);
    }
    const flows = this.client.write(events);
    if (relay.stopped !== undefined) {
      this.stop(relay.stopped, relay.end());
      return true;
    }
    if (flows) return true;
    this.client.once('drain', () => this.call?.resume());
    return false;
  }

  private keep(relay: StreamRelay, events: Buffer): boolean {
    if (this.firstByteAt === undefined) this.sawFirstByte(false);
    if (relay.stopped !== undefined) {
      this.stop(relay.stopped, relay.end());
      return true;
    }
    this.kept ??= new BytePile();
    // What the replica sent is bounded; translated, it can be many times as long.
    if (this.grows(this.kept.length + events.length)) this.kept.push(events);
    return true;
  }

  private newShare(): HeldShare {
    const { heldRoom, config } = this.owner.runtime;
    return heldRoom.share(config.gateway.limits.answer);
  }

  private newGuards(): GuardChain | undefined {
    const { route, runtime } = this.owner;
    const makers = this.hold ? route.guards : route.guards?.filter(({ judges }) => judges !== true);
    if (makers === undefined || makers.length === 0) return undefined;
    return new GuardChain(makers, this.model, () => runtime.clock.now());
  }

  private guarded(relay: StreamRelay): StreamRelay {
    const { answerForm } = this.owner.protocol;
    if (this.guards === undefined || answerForm === undefined) return relay;
    const { share } = this;
    return new GuardedRelay(relay, answerForm, this.guards, this.owner.outbound.request.sampling.n, bytes =>
      share.grow(bytes),
    );
  }

  /** The answer of an engine in the client's API, its texts led past the guards. @throws AnswerStopped */
  private throughGuards(latin1: string): string {
    const { answerForm } = this.owner.protocol;
    if (this.guards === undefined || answerForm === undefined) return latin1;
    const answer = parsedObject(Buffer.from(latin1, 'latin1').toString('utf8'));
    if (answer === undefined) throw new WeirError('upstream.malformed', 'The replica gave an answer that is no object');
    return Buffer.from(JSON.stringify(answerForm.whole(answer, this.guards))).toString('latin1');
  }

  private stop(stop: AnswerStopped, delivery: Delivery): void {
    if (this.over) return;
    this.over = true;
    this.call?.abort();
    this.letGo();
    this.lease.release({ status: 'cancelled', replicaFault: false });
    this.owner.stopped(this, stop, delivery);
  }

  /** @param whole the answer comes in one piece: its first byte says nothing of the first token. */
  private sawFirstByte(whole: boolean): void {
    this.firstByteAt = this.owner.runtime.clock.now();
    this.prompt?.used();
    this.lease.firstByte(whole);
  }

  private closeStream(relay: StreamRelay): void {
    this.passOn(relay, one => one.close());
    if (!this.over) this.endStream(relay);
  }

  private endStream(relay: StreamRelay): void {
    const end = relay.end();
    if (end.complete) {
      this.succeed(this.kept === undefined ? end : { ...end, stream: this.kept.take() });
      return;
    }
    const error =
      end.error === undefined
        ? new WeirError('upstream.cut', 'The stream ended without saying that it was done')
        : new WeirError(
            'upstream.status',
            `The replica reported an error in its stream: ${withoutSecrets(end.error, this.shown)}`,
          );
    this.conclude(error, true, true, {
      ...end,
      errorSent: end.error !== undefined && this.client !== undefined && this.translation === undefined,
    });
  }

  private endWhole(body: Buffer): void {
    if (this.status !== 200) {
      const { partial } = this.owner.protocol;
      const elsewhere = partial === true && this.translation === undefined;
      const refusal = refusalOf(this.status, body, this.shown, elsewhere, this.retryAfterMs);
      this.conclude(refusal.error, refusal.retryable, refusal.replicaFault, {});
      return;
    }
    const text = body.toString('latin1');
    this.answerChars = text.length;
    let facts: (AnswerFacts & { readonly text?: string }) | undefined;
    try {
      facts = this.translation === undefined ? this.owner.protocol.factsOf(text) : this.translation.whole(text);
    } catch (error) {
      this.conclude(faultIn(error), true, true, {});
      return;
    }
    if (facts === undefined) {
      const what = body.length === 0 ? 'an empty answer' : 'an answer in no form of its API';
      this.conclude(new WeirError('upstream.malformed', `The replica gave ${what}`), true, true, {});
      return;
    }
    const { usage, finish } = facts;
    let said: string;
    try {
      said = this.throughGuards(facts.text ?? text);
    } catch (error) {
      if (error instanceof AnswerStopped) this.stop(error, { usage, finish });
      else this.conclude(faultIn(error), true, true, {});
      return;
    }
    if (this.grows(said.length)) this.succeed({ text: said, usage, finish });
  }

  private succeed(delivery: Delivery): void {
    this.over = true;
    const { usage } = delivery;
    this.lease.release({ status: 'answered', replicaFault: false, ...(usage === undefined ? undefined : { usage }) });
    if (this.hold) this.owner.held(this, delivery);
    else this.owner.delivered(this, delivery);
  }

  /** An answer that is too long, or that there is no room for, is nobody's fault, and another replica's would be no other. */
  private giveUp(error: WeirError): void {
    this.call?.abort();
    const ours = error.code === 'upstream.too_large' || error.code === 'gateway.no_room';
    this.conclude(error, !ours, !ours, this.relay?.end() ?? {});
  }

  private conclude(error: WeirError, retryable: boolean, replicaFault: boolean, delivery: Delivery): void {
    if (this.over) return;
    const again = retryable && this.firstByteAt === undefined ? this.prompt?.withoutIt(error) : undefined;
    if (again !== undefined) {
      this.sendAgain(again);
      return;
    }
    this.over = true;
    this.letGo();
    const { retryAfterMs } = this;
    this.lease.release({
      status: this.client === undefined ? 'failed' : 'cut',
      replicaFault,
      ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
    });
    this.owner.broke(this, error, retryable, delivery);
  }
}

/** What the replica is sent: its pool's headers, the protocol's, the decision's, and the trace, the client's own where Weir keeps none. */
function headersFor(
  { route, trace, outbound: inbound }: AttemptOwner,
  way: Record<string, string>,
  own: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const { headers } = route.parameters;
  const { traceparent, tracestate } = inbound.request.caller.headers;
  if (trace === undefined && traceparent === undefined && headers === undefined && own === undefined) return way;
  const sent = { ...way, ...own, ...headers };
  if (trace !== undefined) return Object.assign(sent, trace.attempt());
  if (traceparent === undefined) return sent;
  return Object.assign(sent, { traceparent }, tracestate === undefined ? undefined : { tracestate });
}

/** What is wrong with an answer that cannot be read or written. @throws what is no fault of the answer. */
function faultIn(error: unknown): WeirError {
  if (isWeirError(error)) return error;
  // What is nested a hundred thousand deep can be read, and not be written.
  if (error instanceof RangeError) {
    return new WeirError('upstream.malformed', 'The replica gave an answer that is nested too deeply', {
      cause: error,
    });
  }
  throw error;
}

/** Paths at which an engine can be told what to do with KV. */
const OF_VLLM: ReadonlySet<string> = new Set(['/v1/chat/completions', '/v1/completions']);

const NOTHING_LOST: readonly string[] = Object.freeze([]);
const NO_REPORTS: readonly GuardReport[] = Object.freeze([]);
const CHARS_PER_TOKEN = 4;
