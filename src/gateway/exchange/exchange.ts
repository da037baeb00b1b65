// Long because: one request's whole way, from its body to its last byte, is one state machine; what its steps do stands in files of their own beside it.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AnswerStopped, SentText } from '#contract/answer-guard.js';
import type { Cancel } from '#contract/clock.js';
import type { Deadline } from '#contract/deadline.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { AttemptOutcome, Outcome, OutcomeStatus, Usage } from '#contract/outcome.js';
import type { Placement } from '#contract/placement.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Candidate, StageNote } from '#contract/route.js';
import type { Board } from '#contract/signal.js';
import { CONTINUE, type RouteDraft, type StageContext, type StageResult } from '#contract/stage.js';
import type { Outlook, Strategy, StrategyEvent } from '#contract/strategy.js';
import type { Milliseconds } from '#contract/units.js';
import { errorHeaders, sendText } from '#gateway/http/respond.js';
import { NOWHERE, type Rostered } from '#gateway/roster.js';
import type { Runtime } from '#gateway/runtime.js';
import type { Admission } from '#identity/admission.js';
import type { Lease } from '#pool/lease.js';
import { Asked } from '#pool/placement/asked.js';
import type { GuardReport } from '#protocols/guards/guard-chain.js';
import type { Inbound, Protocol } from '#protocols/protocol.js';
import { outlookOf } from '#router/strategy/outlook.js';
import type { RequestTrace } from '#telemetry/tracing.js';
import { Attempt, type AttemptOwner, type Delivery } from './attempt.js';
import { charge, reserve, together } from './charge.js';
import type { ExchangeHost } from './exchange-host.js';
import { fixedReply, NO_TOKENS } from './fixed-reply.js';
import { flowFacts } from './flow-facts.js';
import { answerHeaders } from './headers.js';
import { doubtsAbout, type HeldAnswer, HeldAnswers, isLimited } from './held-answers.js';
import { outboundOf } from './outbound.js';
import { meteredOn, outcomeOf } from './outcome.js';
import { type Compressed, PromptForms } from './prompt-forms.js';
import { recordOf } from './record.js';
import { isAboutCaller, isAboutRequest } from './refusal.js';
import { tell } from './telling.js';
import { TimeLimit } from './time-limit.js';

/**
 * One request's whole way through Weir: stages, then attempts until the strategy is content, then the record. The configuration
 * it began with ({@link Runtime}) is the one it ends with.
 *
 * Whatever happens, exactly one of `answered`, `failed`, `cut`, `cancelled` and `refused` ends it, with one record.
 */
export class Exchange implements AttemptOwner, StageContext, Rostered {
  rosterPlace = NOWHERE;
  readonly board: Board;
  profile: WorkloadProfile;
  readonly route: RouteDraft;
  readonly attempts: AttemptOutcome[] = [];
  readonly stages: StageNote[] = [];
  readonly trace: RequestTrace | undefined;
  placement: Placement | undefined;
  /** Places that were had, one for each attempt. */
  private readonly leases: Lease[] = [];
  /** What got lost between the client's API and that of the replica which answered. */
  lost: readonly string[] = NOTHING_LOST;

  /** The request as engines are sent it: the client's own, unless a stage has texts changed. */
  outbound: Inbound;
  /** What guards said of the answer. */
  reports: readonly GuardReport[] = NO_REPORTS;

  private readonly strategy = { machine: undefined as Strategy | undefined, state: undefined as unknown };
  private attempt: Attempt | undefined;
  /** The attempt that an engine has worked for: what it reported or did not report is charged. */
  private charged: Attempt | undefined;
  /** An answer that a guard stopped before any of it left, and what the engine reported of it. */
  private halted: { readonly attempt: Attempt; readonly usage: Usage | undefined } | undefined;
  private stopWaiting: Cancel | undefined;
  /** When a place was asked for that is waited for. */
  private waitingSince: Milliseconds | undefined;
  readonly answers = new HeldAnswers(this.attempts);
  /** Whether the answer that is asked for now is to be held back, and what breaks it off. */
  private hold = false;
  private readonly limit: TimeLimit;
  private asked: Asked | undefined;
  private candidate: Candidate | undefined;
  private lastError: WeirError | undefined;
  /** How the prompt may be sent; absent before a model is asked. */
  private forms: PromptForms | undefined;
  /** What was left out of the prompt that was sent last. */
  compressed: Compressed | undefined;
  private queuedMs: Milliseconds = 0;
  private firstByteAt: Milliseconds | undefined;
  private ended = false;

  constructor(
    readonly runtime: Runtime,
    private readonly host: ExchangeHost,
    readonly protocol: Protocol,
    readonly inbound: Inbound,
    readonly response: ServerResponse,
    private readonly wallArrival: Milliseconds,
    private readonly admission?: Admission,
  ) {
    const { request } = inbound;
    this.outbound = inbound;
    this.limit = new TimeLimit(runtime.clock, request.arrivedAt);
    this.profile = runtime.profiler.profile(request);
    this.board = runtime.router.board(request, this.profile, undefined, this.untilGone);
    this.route = runtime.router.draft(request);
    this.trace = runtime.tracer?.begin(request.caller.headers);
    response.on('close', this.onClientClosed);
  }

  get pool() {
    return this.runtime.pool;
  }
  get clock() {
    return this.runtime.clock;
  }
  get random() {
    return this.runtime.random;
  }

  sentTexts(): readonly SentText[] {
    return this.inbound.sentTexts();
  }

  /** Begins. Never throws: a defect ends the exchange as an error like any other. */
  run(): void {
    this.guard(() => this.runStages(0));
  }

  /** Ends the exchange because the gateway can wait no longer. */
  stop(error: WeirError): void {
    if (this.ended) return;
    this.abandon();
    this.fail(error);
  }

  private runStages(from: number): void {
    const { stages } = this.runtime;
    for (let i = from; i < stages.length; i++) {
      const stage = stages[i];
      if (stage === undefined) break;
      const begun = this.clock.now();
      const result = stage.run(this);
      if (result instanceof Promise) {
        result.then(
          settled => this.guard(() => this.ended || (this.after(stage.name, begun, settled) && this.runStages(i + 1))),
          (error: unknown) => this.defect(error),
        );
        return;
      }
      if (!this.after(stage.name, begun, result)) return;
    }
    this.startAttempts();
  }

  /** Notes what a stage did. @returns whether the request goes on. */
  private after(stage: string, begun: Milliseconds, result: StageResult): boolean {
    const ms = this.clock.now() - begun;
    this.stages.push(result.note === undefined ? { stage, ms } : { stage, ms, note: result.note });
    if (result === CONTINUE || result.kind === 'continue') return true;
    // What the policy or the request itself forbids is refused; what Weir could not do is a failure.
    if (result.kind === 'refuse') this.end(result.error.status < 500 ? 'refused' : 'failed', result.error);
    else this.say(result);
    return false;
  }

  private startAttempts(): void {
    const outbound = outboundOf(this);
    if (isWeirError(outbound)) {
      this.end('refused', outbound);
      return;
    }
    this.outbound = outbound;
    this.forms = new PromptForms(this.runtime, { outbound, profile: this.profile }, note => this.stages.push(note));
    const strategy = this.runtime.router.strategy(this.route);
    this.strategy.machine = strategy;
    this.strategy.state = strategy.start(this.route.candidates);
    this.advance({ kind: 'start' });
  }

  private advance(event: StrategyEvent): void {
    const { machine } = this.strategy;
    if (machine === undefined) return;
    const { state, action } = machine.step(this.strategy.state, event);
    this.strategy.state = state;
    const { last } = this.answers;
    if (last !== undefined)
      this.answers.settle(action, this.usageOf(last.attempt, last.delivery.usage), this.priceOf(last.attempt.model));
    if (action.kind !== 'refuse') this.supersedeHalted();
    if (action.kind === 'attempt') {
      // Its answer is superseded and counted as such.
      if (this.charged === last?.attempt) this.charged = undefined;
      this.candidate = action.candidate;
      this.hold = action.hold === true && this.protocol.answerForm !== undefined;
      this.limit.set(action.byMs, () => this.guard(() => this.late()));
      this.fit(action.candidate.model, action.compressed === true);
      const { request } = this.inbound;
      const flow = flowFacts(request, this.runtime.config.workload);
      this.asked = new Asked(action.candidate.model, request, this.profile, this.route.constraints, flow);
      const { admission, asked, runtime, route } = this;
      const refusal =
        admission?.needsQuote === true
          ? reserve(runtime, admission, asked, this.inbound.request, route.parameters, this.answers.superseded)
          : undefined;
      if (refusal instanceof Promise) {
        refusal.then(
          settled => this.guard(() => this.ended || this.reserved(settled)),
          (error: unknown) => this.defect(error),
        );
      } else this.reserved(refusal);
    } else if (action.kind === 'refuse') {
      this.fail(action.error);
    } else if (action.kind === 'deliver' && last !== undefined) {
      this.deliver(last);
    }
  }

  /** Takes the form of the prompt that a model is to be sent. */
  private fit(model: string, compressed: boolean): void {
    const { forms } = this;
    if (forms === undefined || this.protocol.kind === 'embedding') return;
    const sent = compressed ? forms.short(model) : forms.fitting(model, this.route.constraints);
    this.outbound = sent.outbound;
    this.profile = sent.profile;
    this.compressed = forms.compressed;
  }

  /** What the models could do for the request, with as much of its prompt left out as the strategy may, too. */
  private outlook(): readonly Outlook[] {
    const { forms, route } = this;
    const gamma = this.strategy.machine?.gamma;
    const shorter = gamma === undefined ? undefined : forms?.shorterBy(gamma);
    return outlookOf(this.pool, forms?.profile ?? this.profile, route, shorter);
  }

  /** What is asked has not begun to answer in the time it had. */
  private late(): void {
    if (this.ended || this.firstByteAt !== undefined) return;
    const { attempt } = this;
    this.abandon();
    if (attempt !== undefined) {
      const outcome = attempt.outcome('cancelled', this.clock.now(), 'upstream.timeout');
      this.answers.broken(outcome, this.usageOf(attempt, undefined), this.priceOf(attempt.model));
      this.charged = undefined;
    }
    this.advance({ kind: 'late' });
  }

  private reserved(refusal: WeirError | undefined): void {
    if (refusal === undefined) this.readPrompt();
    // A cheaper model may have room where this one has none.
    else this.advance({ kind: 'failed', error: refusal, retryable: refusal.code !== 'limit.tokens' });
  }

  /** Has an engine say what the prompt's tokens are, where that makes a better place. */
  private readPrompt(): void {
    const { asked, runtime } = this;
    const reading = asked === undefined ? undefined : runtime.promptTokens.of(this, asked);
    if (asked === undefined || reading === undefined) {
      this.place();
      return;
    }
    const begun = this.clock.now();
    reading.then(
      tokens =>
        this.guard(() => {
          if (this.ended) return;
          asked.tokens = tokens;
          this.stages.push({ stage: 'tokenize', ms: this.clock.now() - begun });
          this.place();
        }),
      (error: unknown) => this.defect(error),
    );
  }

  /** Asks for a replica of the current candidate, other than those it has failed on. */
  private place(): void {
    const { asked } = this;
    if (asked === undefined) return;
    const begun = this.clock.now();
    let settled = false;
    const cancel = this.runtime.pool.acquire(asked, result => {
      settled = true;
      this.stopWaiting = undefined;
      this.guard(() => {
        if (isWeirError(result)) {
          this.waited();
          // A replica that failed says more than that no other is left.
          this.advance({
            kind: 'failed',
            error: asked.exclude.length > 0 ? (this.lastError ?? result) : result,
            retryable: true,
          });
          return;
        }
        this.queuedMs += result.placement.queuedMs;
        this.waitingSince = undefined;
        this.placement = result.placement;
        if (asked.exclude.length === 0) this.stages.push({ stage: 'place', ms: this.clock.now() - begun });
        this.attemptOn(asked.model, result);
      });
    });
    // What was settled at once may have led to another model, whose place is waited for by now.
    if (settled) return;
    this.stopWaiting = cancel;
    this.waitingSince = begun;
  }

  /** Begins an attempt at a place. When the replica's API cannot do what is asked, the next model has its turn. */
  private attemptOn(model: string, lease: Lease): void {
    this.leases.push(lease);
    let attempt: Attempt;
    try {
      attempt = new Attempt(this, model, lease, this.hold);
    } catch (error) {
      lease.release({ status: 'cancelled', replicaFault: false });
      if (!isWeirError(error)) throw error;
      this.lastError = error;
      this.advance({ kind: 'failed', error, retryable: true });
      return;
    }
    this.attempt = attempt;
    this.charged = attempt;
    attempt.start();
  }

  /** {@link AttemptOwner}: the first byte is here. From now on there is no other replica and no other model. */
  begin(attempt: Attempt): ServerResponse {
    this.limit.clear();
    this.firstByteAt = this.clock.now();
    this.lost = attempt.lost;
    this.reports = attempt.reports;
    const head = this.head(attempt.placement, attempt.model);
    if (this.inbound.request.stream) {
      head['content-type'] = 'text/event-stream; charset=utf-8';
      head['cache-control'] = 'no-cache';
      this.response.writeHead(200, head);
    }
    return this.response;
  }

  /** {@link AttemptOwner}: an answer that is held back. It is judged, and the strategy says whether it goes out. */
  held(attempt: Attempt, delivery: Delivery): void {
    const { request } = this.inbound;
    this.reported(attempt.reports);
    const doubts = doubtsAbout(attempt.reports, delivery.finish, isLimited(request, this.route.parameters));
    const outcome = attempt.outcome('answered', this.clock.now());
    const { candidate, compressed } = this;
    this.answers.hold({ attempt, delivery, candidate, doubts, compressed }, outcome);
    this.attempt = undefined;
    this.advance({
      kind: 'judged',
      accepted: doubts === '',
      atMs: this.clock.now() - request.arrivedAt,
      tokens: this.answers.tokens,
      streamed: request.stream,
      outlook: doubts === '' ? [] : this.outlook(),
    });
  }

  /** Sends the answer that was held back. */
  private deliver({ attempt, delivery, candidate, compressed }: HeldAnswer): void {
    this.candidate = candidate;
    this.compressed = compressed;
    this.placement = attempt.placement;
    this.charged = attempt;
    if (delivery.stream !== undefined) this.begin(attempt).write(delivery.stream);
    this.finish(attempt, delivery);
  }

  /** {@link AttemptOwner}: a whole answer. */
  delivered(attempt: Attempt, delivery: Delivery): void {
    this.attempts.push(attempt.outcome('answered', this.clock.now()));
    this.reported(attempt.reports);
    this.advance({ kind: 'answered' });
    this.finish(attempt, delivery);
  }

  private finish(attempt: Attempt, delivery: Delivery): void {
    this.lost = attempt.lost;
    this.reports = attempt.reports;
    const { keep } = this.inbound;
    if (delivery.text !== undefined) {
      if (keep !== undefined) keep(Buffer.from(delivery.text, 'latin1').toString('utf8'));
      const head = this.head(attempt.placement, attempt.model);
      head['content-type'] = 'application/json';
      head['content-length'] = delivery.text.length;
      this.response.writeHead(200, head);
      // As text, not as bytes: that way head and body leave as one.
      this.response.end(delivery.text, 'latin1');
    } else {
      if (keep !== undefined && delivery.whole !== undefined) keep(delivery.whole);
      this.response.end();
    }
    this.letGo(attempt);
    this.end('answered', undefined, delivery.usage, delivery.finish);
  }

  /** An answer that was held takes room until the client has been sent it, which for a slow one is later than its end here. */
  private letGo(attempt: Attempt): void {
    if (this.response.writableLength === 0 || this.response.closed) attempt.letGo();
    else this.response.once('close', () => attempt.letGo());
  }

  /** What an answer took: as reported, or else as budgets are told to take it. */
  private usageOf(attempt: Attempt, reported: Usage | undefined): Usage | undefined {
    const free = this.admission === undefined || this.runtime.config.gateway.auth.unreported === 'free';
    return reported ?? (free ? attempt.begunUsage : attempt.estimatedUsage());
  }

  private priceOf(model: string) {
    return this.runtime.models.get(model)?.price;
  }

  /** {@link AttemptOwner}: no answer, or only part of one. */
  broke(attempt: Attempt, error: WeirError, retryable: boolean, delivery: Delivery): void {
    this.lastError = error;
    const begun = this.firstByteAt !== undefined;
    this.attempts.push(attempt.outcome(begun ? 'cut' : 'failed', this.clock.now(), error.code));
    this.attempt = undefined;
    if (!begun) this.charged = undefined;
    if (begun) {
      this.advance({ kind: 'answered' });
      this.breakStream(error, delivery);
    } else if (retryable && this.asked?.mayTryAnother(attempt.placement.replica) === true) this.place();
    else this.advance({ kind: 'failed', error, retryable });
  }

  /** {@link AttemptOwner}: a guard stopped the answer. What the engine wrote is charged all the same. */
  stopped(attempt: Attempt, stop: AnswerStopped, delivery: Delivery): void {
    this.lastError = stop;
    const begun = this.firstByteAt !== undefined;
    this.attempts.push(attempt.outcome(begun ? 'cut' : 'failed', this.clock.now(), stop.code));
    this.attempt = undefined;
    if (begun) {
      this.advance({ kind: 'answered' });
      this.breakStream(stop, delivery);
      return;
    }
    this.halted = { attempt, usage: delivery.usage };
    this.advance({ kind: 'failed', error: stop, retryable: stop.another });
  }

  /** Another answer takes the place of the one that a guard stopped: the engine wrote that all the same. */
  private supersedeHalted(): void {
    const { halted } = this;
    if (halted === undefined) return;
    const { attempt, usage } = halted;
    this.answers.stopped(this.usageOf(attempt, usage), this.priceOf(attempt.model));
    if (this.charged === attempt) this.charged = undefined;
    this.halted = undefined;
  }

  /** Notes what guards said, for the answer's headers and the record. */
  private reported(reports: readonly GuardReport[]): void {
    this.reports = reports;
    for (const { guard, ms, note } of reports) this.stages.push({ stage: guard, ms, note });
  }

  private breakStream(error: WeirError, delivery: Delivery): void {
    // An error that the engine put into the stream has already reached the client.
    if (delivery.errorSent !== true) this.response.write(this.protocol.errorEvent(error, delivery.events));
    this.response.end();
    this.end('cut', error, delivery.usage, delivery.finish);
  }

  /** Answers with a fixed text; no model is asked. */
  private say(answer: Parameters<typeof fixedReply>[1]): void {
    const reply = fixedReply(this.inbound, answer, this.wallArrival);
    if (reply instanceof WeirError) {
      this.end('refused', reply);
      return;
    }
    const { whole, said, type } = reply;
    this.firstByteAt = this.clock.now();
    this.inbound.keep?.(whole);
    sendText(this.response, 200, said, type, this.head(undefined, undefined));
    this.end('answered', undefined, NO_TOKENS, 'stop');
  }

  private fail(error: WeirError): void {
    if (this.firstByteAt !== undefined) this.breakStream(error, {});
    else this.end(isAboutCaller(error) || isAboutRequest(error) ? 'refused' : 'failed', error, this.halted?.usage);
  }

  /** What any answer says of itself. */
  private head(placement: Placement | undefined, model: string | undefined): OutgoingHttpHeaders {
    const head = answerHeaders(this, placement, model);
    this.admission?.addHeaders(this.clock.wall(), head);
    return head;
  }

  /** The one end of an exchange: answer the error if there is one and nothing was sent, write the record, tell the learners. */
  private end(status: OutcomeStatus, error?: WeirError, usage?: Usage, finish?: string): void {
    if (this.ended) return;
    this.ended = true;
    try {
      this.response.off('close', this.onClientClosed);
      this.limit.clear();
      const { last } = this.answers;
      if (status !== 'answered' || last?.attempt !== this.charged) last?.attempt.letGo();
      if (error !== undefined && this.firstByteAt === undefined && status !== 'cancelled') {
        const head = { ...this.head(this.placement, undefined), ...errorHeaders(error) };
        sendText(this.response, error.status, this.protocol.errorBody(error), 'application/json', head);
      }
      const outcome = this.answers.costed(this.charge(this.outcome(status, error, usage, finish)));
      const record = recordOf(this, outcome, this.wallArrival);
      this.runtime.records.append(record);
      this.host.recorded(record, this.profile);
      tell(this, record, outcome, usage);
    } finally {
      // Whatever went wrong: it is over, and what it held is free.
      this.admission?.abandon(this.clock.wall());
      this.host.ended(this);
    }
  }

  /** Settles with the budgets, and notes in the outcome what an engine did not report. */
  private charge(outcome: Outcome): Outcome {
    const { admission, charged } = this;
    if (admission === undefined) return outcome;
    const usage = charged === undefined ? outcome.usage : this.usageOf(charged, outcome.usage);
    const own = charge(outcome, usage, this.priceOf(charged?.model ?? outcome.model));
    admission.settle(this.clock.wall(), together(own, this.answers.superseded));
    return outcome.usage !== undefined || usage === undefined ? outcome : { ...outcome, unreported: usage };
  }

  private outcome(status: OutcomeStatus, error?: WeirError, usage?: Usage, finish?: string): Outcome {
    return outcomeOf({
      status,
      error,
      usage,
      finish,
      model: this.candidate?.model ?? '',
      placement: this.placement,
      arrivedAt: this.inbound.request.arrivedAt,
      firstByteAt: this.firstByteAt,
      endedAt: this.clock.now(),
      queuedMs: this.queuedMs,
      whole: this.answers.last !== undefined && this.charged === this.answers.last.attempt,
      price: this.priceOf(this.candidate?.model ?? ''),
      metered: meteredOn(this.leases),
    });
  }

  /** Nothing is computed for a request that is over. */
  private readonly untilGone: Deadline = { leftMs: () => (this.ended ? 0 : Number.POSITIVE_INFINITY) };

  private readonly onClientClosed = (): void => this.guard(() => this.leave());

  private leave(): void {
    if (this.ended || this.response.writableFinished) return;
    const gone = new WeirError('client.gone', 'The client left before the answer was whole');
    const { attempt } = this;
    this.abandon();
    if (attempt !== undefined) this.attempts.push(attempt.outcome('cancelled', this.clock.now(), gone.code));
    this.end('cancelled', gone, attempt?.partialUsage());
  }

  /** A wait for a place is over and has brought none. */
  private waited(): void {
    if (this.waitingSince !== undefined) this.queuedMs += this.clock.now() - this.waitingSince;
    this.waitingSince = undefined;
  }

  private abandon(): void {
    this.stopWaiting?.();
    this.stopWaiting = undefined;
    this.waited();
    this.attempt?.cancel();
    this.attempt = undefined;
  }

  private guard(step: () => unknown): void {
    try {
      step();
    } catch (error) {
      this.defect(error);
    }
  }

  /** {@link AttemptOwner}: what nobody foresaw ends the exchange as an error like any other. */
  defect(error: unknown): void {
    const known = isWeirError(error) ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error });
    if (known.code === 'internal.defect')
      this.runtime.log.error('a request ran into a defect', { id: this.inbound.request.id, error });
    if (this.ended) return;
    this.abandon();
    this.fail(known);
  }
}

const NOTHING_LOST: readonly string[] = Object.freeze([]);
const NO_REPORTS: readonly GuardReport[] = Object.freeze([]);
