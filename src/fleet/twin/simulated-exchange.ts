import type { Cancel } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { JudgedEnd, Outcome } from '#contract/outcome.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Random } from '#contract/random.js';
import type { InferenceRequest } from '#contract/request.js';
import type { Board, SignalValue } from '#contract/signal.js';
import type { RouteDraft, StageContext } from '#contract/stage.js';
import type { Strategy, StrategyAction, StrategyEvent } from '#contract/strategy.js';
import type { Joules, Milliseconds, Tokens } from '#contract/units.js';
import type { EngineRequest } from '#pool/engine/engine.js';
import type { Lease } from '#pool/lease.js';
import { Asked } from '#pool/placement/asked.js';
import type { LivePool } from '#pool/pool.js';
import { rangeOf } from '#pool/retention/retention.js';
import type { Router } from '#router/router.js';
import { outlookOf } from '#router/strategy/outlook.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { AwaitsToken, Deadline } from './first-token-limit.js';
import { type PromptHost, RemotePrompt } from './remote-prompt.js';
import { type Shorter, shorterBy } from './shorter-prompt.js';
import type { Running } from './simulated-replica.js';

/** What an exchange needs of the twin around it. */
export interface ExchangeHost extends PromptHost {
  readonly random: Random;
  readonly pool: LivePool;
  readonly router: Router;
  /** Whether the answer of the model that was asked passes the judges of a cascade. */
  accepts(exchange: SimulatedExchange): boolean;
  ended(exchange: SimulatedExchange, ending: Ending): void;
}

/** How a request ended. `said`: the policy answered it, and no model was asked. */
export type Ending =
  | { readonly kind: 'answered'; readonly cachedTokens: Tokens }
  | { readonly kind: 'said' }
  /** `rejected`: no model was asked. `failed`: one was and gave nothing. `cut`: an answer that broke off. */
  | { readonly kind: 'rejected' | 'failed' | 'cut'; readonly error: WeirError };

/**
 * One request's way through the house in virtual time: the router's stages, then attempts until its strategy is content, each at a place
 * that the pool gives. What the gateway's exchange does over HTTP, without the HTTP.
 */
export class SimulatedExchange implements StageContext, Running, AwaitsToken {
  readonly arrivalMs: Milliseconds;
  readonly board: Board;
  readonly route: RouteDraft;
  readonly outputTokens: Tokens;
  attempts = 0;
  firstTokenMs = -1;
  lease: Lease | undefined;
  /** What became of answers that were held back, by their models; absent where none was. */
  judged: Map<string, JudgedEnd> | undefined;
  /** The answer left in one piece. */
  whole = false;
  private strategy: Strategy | undefined;
  private state: unknown;
  private asked: Asked | undefined;
  private lastError: WeirError | undefined;
  private work: EngineRequest | undefined;
  private queuedMs: Milliseconds = 0;
  private deadline: Deadline | undefined;
  /** Whether the answer that is asked for now is held back and judged. */
  private hold = false;
  /** The last answer that was held back. */
  private held: Held | undefined;
  private limit: Cancel | undefined;
  private stopWaiting: Cancel | undefined;
  private waiting = false;
  /** The place of the first attempt, and those of more; each is released before the next is asked for. */
  private first: Lease | undefined;
  private more: Lease[] | undefined;
  private shorter: Shorter | undefined;
  /** Tokens of answers that were held back. */
  private heldTokens: Tokens = 0;

  constructor(
    private readonly host: ExchangeHost,
    readonly index: number,
    readonly traced: TraceRequest,
    private readonly asks: InferenceRequest,
    readonly profile: WorkloadProfile,
    private readonly flow: Asked['flow'],
    given: ReadonlyMap<string, SignalValue> | undefined,
    private readonly drawn: Drawn,
  ) {
    this.arrivalMs = host.clock.now();
    this.board = host.router.board(asks, profile, given);
    this.route = host.router.draft(asks);
    this.outputTokens = Math.max(1, traced.outputTokens);
  }

  /** How hard it is to answer well, in [0, 1). */
  get hardness(): number {
    return this.drawn.hardness;
  }

  get pool(): LivePool {
    return this.host.pool;
  }

  get clock(): ExchangeHost['clock'] {
    return this.host.clock;
  }

  get random(): Random {
    return this.host.random;
  }

  /** Traces hold no texts. */
  sentTexts(): readonly [] {
    return [];
  }

  /** {@link Running}: what its engine is asked. */
  get request(): EngineRequest {
    return this.work!;
  }

  /** The model that is asked now, or was asked last. */
  get model(): string {
    return this.asked?.model ?? '';
  }

  run(): void {
    for (const stage of this.host.router.stages) {
      const result = stage.run(this);
      if (result instanceof Promise) {
        throw new WeirError('internal.defect', `The stage ${stage.name} waits for something in virtual time.`);
      }
      if (result.kind === 'answer') this.host.ended(this, { kind: 'said' });
      else if (result.kind === 'refuse') this.host.ended(this, { kind: 'rejected', error: result.error });
      if (result.kind !== 'continue') return;
    }
    const { traced, index, route } = this;
    const outputTokens = Math.min(this.outputTokens, route.parameters.maxOutputTokens ?? Number.POSITIVE_INFINITY);
    const { promptTokens, prefix } = traced;
    this.work = { id: index, promptTokens, outputTokens, prefix, receivedTokens: 0, retention: undefined };
    this.strategy = this.host.router.strategy(route);
    this.state = this.strategy.start(route.candidates);
    this.advance({ kind: 'start' }, 0);
  }

  /** {@link Running} */
  began(): void {
    this.firstTokenMs = this.clock.now();
    if (!this.hold) this.limitTo(undefined);
    this.awaitsNothing();
    this.lease!.firstByte();
  }

  /** {@link Running} */
  finished(cachedTokens: Tokens): void {
    const { promptTokens, outputTokens } = this.request;
    const usage = { promptTokens, completionTokens: outputTokens, cachedTokens };
    this.lease!.release({ status: 'answered', replicaFault: false, usage });
    if (this.hold) this.judge(cachedTokens);
    else this.advance({ kind: 'answered' }, cachedTokens);
  }

  /** {@link Running} */
  lost(): void {
    this.broke(new WeirError('upstream.cut', 'The replica went down.'), true, true);
  }

  /** {@link AwaitsToken} */
  late(): void {
    this.host.replica(this.lease!.target.id).cancel(this.index);
    this.broke(new WeirError('upstream.timeout', 'The replica gave nothing for too long.'), true, true);
  }

  /** How it ended, as learning is told. */
  outcome(ending: Ending): Outcome {
    const now = this.clock.now();
    const placement = this.lease?.placement;
    const { kind } = ending;
    const outcome: Writable<Outcome> = {
      status: kind === 'said' ? 'answered' : kind === 'rejected' ? 'refused' : kind,
      model: this.model,
      pool: placement?.pool ?? '',
      replica: placement?.replica ?? '',
      httpStatus: 200,
      e2eMs: now - this.arrivalMs,
      queuedMs: this.queuedMs,
    };
    if (this.firstTokenMs >= 0) outcome.ttftMs = this.firstTokenMs - this.arrivalMs;
    const { joules } = this;
    if (joules !== undefined) outcome.joules = joules;
    if (kind === 'answered') {
      const { promptTokens, outputTokens } = this.request;
      if (outputTokens > 1 && !this.whole) outcome.tpotMs = (now - this.firstTokenMs) / (outputTokens - 1);
      outcome.usage = { promptTokens, completionTokens: outputTokens, cachedTokens: ending.cachedTokens };
    } else if (kind !== 'said') {
      outcome.httpStatus = ending.error.status;
      outcome.error = ending.error.code;
    }
    return outcome;
  }

  /** Energy that all attempts were charged; `undefined` when none of them was metered. */
  private get joules(): Joules | undefined {
    let sum = this.first?.joules;
    for (const { joules } of this.more ?? NONE) if (joules !== undefined) sum = (sum ?? 0) + joules;
    return sum;
  }

  /** Whether tokens have gone to the client. */
  private get answering(): boolean {
    return this.firstTokenMs >= 0 && !this.hold;
  }

  private advance(event: StrategyEvent, cachedTokens: Tokens): void {
    const { state, action } = this.strategy!.step(this.state, event);
    this.state = state;
    if (this.held !== undefined) this.note(this.held, action);
    if (action.kind === 'deliver') this.deliver(this.held!);
    else if (action.kind === 'answer') this.host.ended(this, { kind: 'answered', cachedTokens });
    else if (action.kind === 'refuse') {
      this.host.ended(this, { kind: this.attempts > 0 ? 'failed' : 'rejected', error: action.error });
    } else {
      this.firstTokenMs = -1;
      this.hold = action.hold === true;
      this.limitTo(action.byMs);
      const sent = action.compressed === true ? this.shorter : undefined;
      const { promptTokens, prefix } = sent?.traced ?? this.traced;
      if (this.work!.promptTokens !== promptTokens) this.work = { ...this.work!, promptTokens, prefix };
      const profile = sent?.profile ?? this.profile;
      this.asked = new Asked(action.candidate.model, this.asks, profile, this.route.constraints, this.flow);
      this.place();
    }
  }

  /** Asks for a replica of the current model, other than those that it has failed on. */
  private place(): void {
    const { host } = this;
    const asked = this.asked!;
    this.lease = undefined;
    this.waiting = true;
    this.stopWaiting = host.pool.acquire(asked, result => {
      this.waiting = false;
      if (!isWeirError(result)) this.attempt(result);
      // A replica that failed says more than that no other is left.
      else {
        const error = asked.exclude.length > 0 ? (this.lastError ?? result) : result;
        this.advance({ kind: 'failed', error, retryable: true }, 0);
      }
    });
  }

  private attempt(lease: Lease): void {
    this.lease = lease;
    this.attempts++;
    if (this.first === undefined) this.first = lease;
    else {
      this.more ??= [];
      this.more.push(lease);
    }
    this.queuedMs += lease.placement.queuedMs;
    lease.sent();
    if (lease.prefill === undefined) {
      this.send(lease, 0);
      return;
    }
    const replica = this.host.replica(lease.target.id);
    replica.coming(1);
    new RemotePrompt(this.host, lease, lease.prefill, this.work!).start(received => {
      // What was broken off in the meantime is not sent.
      if (this.lease === lease) this.send(lease, received);
      replica.coming(-1);
    });
  }

  /** @param received prompt tokens whose KV has come from another replica. */
  private send(lease: Lease, received: Tokens): void {
    const replica = this.host.replica(lease.target.id);
    if (!replica.up) {
      this.broke(new WeirError('upstream.connect', `No connection to ${lease.target.id}`), true, true);
      return;
    }
    const { retention } = lease.placement;
    const work = this.work!;
    // The same for most: copying one costs more than all else that is done here.
    if (received !== work.receivedTokens || retention !== undefined || work.retention !== undefined) {
      this.work = { ...work, receivedTokens: received, retention: retention && [rangeOf(retention)] };
    }
    try {
      replica.submit(this);
    } catch (error) {
      if (!isWeirError(error)) throw error;
      this.broke(error, false, false);
      return;
    }
    this.deadline = this.host.sent(this, lease.target.pool);
  }

  /** An answer is whole: whether it goes out is the strategy's to say. */
  private judge(cachedTokens: Tokens): void {
    const { host, profile, route } = this;
    const { promptTokens, outputTokens } = this.request;
    this.heldTokens += promptTokens + outputTokens;
    const accepted = host.accepts(this);
    const { asked, lease } = this;
    this.held = { asked: asked!, lease: lease!, cachedTokens, accepted };
    const event: StrategyEvent = {
      kind: 'judged',
      accepted,
      streamed: true,
      tokens: this.heldTokens,
      atMs: host.clock.now() - this.arrivalMs,
      outlook: accepted ? [] : outlookOf(host.pool, profile, route, this.compressed()?.profile),
    };
    this.advance(event, cachedTokens);
  }

  /** The request with as much left out as its strategy may; `undefined` where it may not, or it cannot be. */
  private compressed(): Shorter | undefined {
    const gamma = this.strategy!.gamma;
    if (gamma === undefined || !this.drawn.shorter) return undefined;
    this.shorter ??= shorterBy(gamma, this.traced, this.profile);
    return this.shorter;
  }

  /** Notes what becomes of the answer that is held back. */
  private note(held: Held, action: StrategyAction): void {
    const { model } = held.asked;
    this.judged ??= new Map();
    if (action.kind === 'attempt') this.judged.set(model, 'escalated');
    else if (action.kind === 'deliver') this.judged.set(model, held.accepted ? 'accepted' : 'kept');
  }

  /** The answer that was held back goes out, in one piece. */
  private deliver({ asked, lease, cachedTokens }: Held): void {
    this.limitTo(undefined);
    this.asked = asked;
    this.lease = lease;
    this.whole = true;
    this.firstTokenMs = this.clock.now();
    this.host.ended(this, { kind: 'answered', cachedTokens });
  }

  private limitTo(byMs: Milliseconds | undefined): void {
    this.limit?.();
    this.limit =
      byMs === undefined
        ? undefined
        : this.clock.after(this.arrivalMs + byMs - this.clock.now(), () => this.breakOff());
  }

  /** What is asked has not begun to answer in the time it had. */
  private breakOff(): void {
    const { lease } = this;
    if (this.waiting) {
      this.waiting = false;
      this.stopWaiting?.();
    } else if (lease !== undefined) {
      this.awaitsNothing();
      this.host.replica(lease.target.id).cancel(this.index);
      lease.release({ status: 'cancelled', replicaFault: false });
    }
    this.advance({ kind: 'late' }, 0);
  }

  private awaitsNothing(): void {
    if (this.deadline !== undefined) this.deadline.who = undefined;
    this.deadline = undefined;
  }

  private broke(error: WeirError, retryable: boolean, replicaFault: boolean): void {
    const lease = this.lease!;
    this.awaitsNothing();
    const begun = this.answering;
    lease.release({ status: begun ? 'cut' : 'failed', replicaFault });
    this.lastError = error;
    if (begun) this.host.ended(this, { kind: 'cut', error });
    else if (retryable && this.asked!.mayTryAnother(lease.target.id)) this.place();
    else this.advance({ kind: 'failed', error, retryable }, 0);
  }
}

/** What is drawn for a request, since no trace tells it. */
export interface Drawn {
  readonly hardness: number;
  /** Whether enough of its prompt can be left out. */
  readonly shorter: boolean;
}

const NONE: readonly never[] = [];

interface Held {
  readonly asked: Asked;
  readonly lease: Lease;
  readonly cachedTokens: Tokens;
  readonly accepted: boolean;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
