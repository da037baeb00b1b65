import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { ChoiceEvent, FinishReason, Work } from './backend.js';
import { DelayLine } from './delay-line.js';
import type { EngineMetrics } from './engine-metrics.js';
import { errorBody } from './error-body.js';
import type { Fault } from './faults.js';
import type { Wire } from './wire.js';

/** A client that leaves more than this unread has its connection closed: an answer is not buffered without bound. */
const MOST_UNREAD = 8_000_000;

export interface GenerationPlan {
  readonly wire: Wire;
  readonly work: Work;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly fault: Fault | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Members that an answer which is not streamed has beside its own. */
  readonly beside?: (() => Readonly<Record<string, unknown>>) | undefined;
}

/** What a generation reports to, and its time. */
export interface GenerationPorts {
  readonly metrics: EngineMetrics;
  readonly clock: Clock;
}

interface Progress {
  produced: Tokens;
  first: Milliseconds;
  last: Milliseconds;
  /** A piece was written. */
  begun: boolean;
  /** What an answer that is not streamed has so far. */
  readonly pieces: string[];
  readonly thoughts: string[];
  finish: FinishReason;
}

/** One request while it is being answered: its sequences in the engine, and the response their tokens go to. */
export class Generation {
  private readonly started: Milliseconds;
  private readonly cancels: Cancel[] = [];
  private readonly progress: Progress[];
  private readonly delays: DelayLine | undefined;
  private open: number;
  private cachedTokens = 0;
  private sentTokens = 0;
  private over = false;

  constructor(
    private readonly plan: GenerationPlan,
    private readonly response: ServerResponse,
    private readonly ports: GenerationPorts,
  ) {
    this.started = ports.clock.now();
    const { choices } = plan.work;
    this.open = choices.length;
    this.progress = choices.map(() => ({
      produced: 0,
      first: 0,
      last: 0,
      begun: false,
      pieces: [],
      thoughts: [],
      finish: 'stop',
    }));
    this.delays = plan.fault?.kind === 'slow' ? new DelayLine(ports.clock, plan.fault.factor) : undefined;
  }

  /**
   * Submits all sequences and begins the response.
   *
   * @throws WeirError what the engine says when it refuses one; then none is left in it and nothing was written.
   */
  start(): void {
    const { plan, response, ports } = this;
    // The client may have left while the work was made ready.
    if (response.destroyed) return;
    try {
      for (const [index, choice] of plan.work.choices.entries())
        this.cancels.push(choice.start(event => this.hear(index, event)));
    } catch (error) {
      this.end();
      throw error;
    }
    response.once('close', () => {
      if (!this.over) ports.metrics.aborted(this.open);
      this.end();
    });
    if (plan.stream) {
      const head = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', ...plan.headers };
      response.writeHead(200, head);
      response.flushHeaders();
    }
  }

  private hear(index: number, event: ChoiceEvent): void {
    if (event.kind === 'token') this.cachedTokens = Math.max(this.cachedTokens, event.cachedTokens);
    if (this.delays === undefined) this.pass(index, event);
    else this.delays.push(() => this.pass(index, event));
  }

  private pass(index: number, event: ChoiceEvent): void {
    if (this.over) return;
    if (event.kind === 'token') this.token(index, event.text, event.thought === true);
    else if (event.kind === 'finished') this.finish(index, event.text, event.finish);
    else this.fail(event.error);
  }

  private token(index: number, text: string, thought: boolean): void {
    const { ports } = this;
    const progress = this.progress[index]!;
    const now = ports.clock.now();
    if (++progress.produced === 1) {
      progress.first = now;
      ports.metrics.firstToken((now - this.started) / 1000);
    } else {
      ports.metrics.laterToken((now - progress.last) / 1000);
    }
    progress.last = now;
    if (this.breaks()) return;
    this.sentTokens++;
    // The first token is always told of, so that a client sees that the answer has begun.
    if (text !== '' || !progress.begun) this.write(index, text, thought);
  }

  private write(index: number, text: string, thought = false): void {
    const { plan, response } = this;
    const progress = this.progress[index]!;
    if (plan.stream) {
      response.write(plan.wire.piece(index, text, !progress.begun, plan.work.choices[index]?.call, thought));
      if (response.writableLength > MOST_UNREAD) response.destroy();
    } else (thought ? progress.thoughts : progress.pieces).push(text);
    progress.begun = true;
  }

  /** Breaks the answer where a fault says so. True when nothing more is to be written. */
  private breaks(): boolean {
    const { fault } = this.plan;
    if (fault === undefined || (fault.kind !== 'cut' && fault.kind !== 'stall')) return false;
    if (this.sentTokens < fault.after_tokens) return false;
    this.breakOff(fault.kind);
    return true;
  }

  private breakOff(kind: 'cut' | 'stall'): void {
    const { plan, response } = this;
    this.end();
    if (kind === 'stall') return;
    if (!plan.stream) {
      const body = Buffer.from(this.whole());
      const head = { 'content-type': 'application/json', 'content-length': body.length, ...plan.headers };
      response.writeHead(200, head);
      response.write(body.subarray(0, body.length >> 1));
    }
    // What was written is given to the system first, so that the client sees an answer that breaks off, not one that never came.
    setImmediate(() => response.destroy());
  }

  private finish(index: number, text: string, reason: FinishReason): void {
    const { plan, response, ports } = this;
    const progress = this.progress[index]!;
    const { produced, first, last } = progress;
    if (text !== '') this.write(index, text);
    progress.finish = reason;
    ports.metrics.ended({
      endToEnd: (last - this.started) / 1000,
      perToken: produced > 1 ? (last - first) / (produced - 1) / 1000 : undefined,
      reason,
    });
    const { fault } = plan;
    if (fault?.kind === 'cut' || fault?.kind === 'stall') {
      // The answer was too short to break in the middle: it breaks at its end.
      this.breakOff(fault.kind);
      return;
    }
    if (plan.stream) response.write(plan.wire.finish(index, reason));
    if (--this.open > 0) return;
    this.over = true;
    if (plan.stream) {
      response.end(plan.wire.end(this.usage(), plan.includeUsage));
      return;
    }
    this.send(200, this.whole());
  }

  /** Says that the engine failed: by status while nothing was written, else by an error event and no end mark. */
  private fail(error: WeirError): void {
    this.end();
    if (this.plan.stream) this.response.end(this.plan.wire.failed(error));
    else this.send(error.status, JSON.stringify(errorBody(error)));
  }

  private send(status: number, text: string): void {
    const body = Buffer.from(text);
    const head = { 'content-type': 'application/json', 'content-length': body.length, ...this.plan.headers };
    this.response.writeHead(status, head);
    this.response.end(body);
  }

  private whole(): string {
    const { wire, work } = this.plan;
    const written = this.progress.map(({ pieces, thoughts, finish }, at) => ({
      ...{ pieces, thoughts, finish },
      call: work.choices[at]?.call,
    }));
    const answer = wire.whole(written, this.usage());
    const { beside } = this.plan;
    return beside === undefined ? answer : `${answer.slice(0, -1)},${JSON.stringify(beside()).slice(1)}`;
  }

  private usage() {
    const completionTokens = this.progress.reduce((sum, { produced }) => sum + produced, 0);
    return { promptTokens: this.plan.work.promptTokens, completionTokens, cachedTokens: this.cachedTokens };
  }

  /** Takes every sequence that is still in the engine out of it. */
  private end(): void {
    this.over = true;
    this.delays?.clear();
    for (const cancel of this.cancels) cancel();
  }
}
