import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { EngineEvent } from '#pool/engine/engine.js';
import type { Answer } from './answer.js';
import { DelayLine } from './delay-line.js';
import type { EngineMetrics } from './engine-metrics.js';
import type { Fault } from './faults.js';
import type { Pacer } from './pacer.js';
import type { TokenisedPrompt } from './prompt-prefix.js';
import type { Wire } from './wire.js';

/** A client that leaves more than this unread has its connection closed: an answer is not buffered without bound. */
const MOST_UNREAD = 8_000_000;

/** One answer to be generated. */
export interface Choice {
  readonly prompt: TokenisedPrompt;
  readonly answer: Answer;
}

export interface GenerationPlan {
  readonly wire: Wire;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Prompt tokens of the request: each prompt once, however many choices it has. */
  readonly promptTokens: Tokens;
  readonly choices: readonly Choice[];
  readonly fault: Fault | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a generation runs on. */
export interface GenerationPorts {
  readonly pacer: Pacer;
  readonly metrics: EngineMetrics;
  readonly clock: Clock;
}

interface Progress {
  produced: Tokens;
  first: Milliseconds;
  last: Milliseconds;
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
    this.open = plan.choices.length;
    this.progress = plan.choices.map(() => ({ produced: 0, first: 0, last: 0 }));
    this.delays = plan.fault?.kind === 'slow' ? new DelayLine(ports.clock, plan.fault.factor) : undefined;
  }

  /**
   * Submits all sequences and begins the response.
   *
   * @throws WeirError what the engine says when it refuses one; then none is left in it and nothing was written.
   */
  start(): void {
    const { plan, response, ports } = this;
    try {
      for (const [index, { prompt, answer }] of plan.choices.entries()) {
        const request = { promptTokens: prompt.tokens, outputTokens: answer.pieces.length, prefix: prompt.prefix };
        const listener = (event: EngineEvent) => this.hear(index, event);
        this.cancels.push(ports.pacer.submit(request, listener));
      }
    } catch (error) {
      this.end();
      throw error;
    }
    if (response.destroyed) {
      this.end();
      return;
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

  private hear(index: number, event: EngineEvent): void {
    if (event.kind === 'preempted') return;
    this.cachedTokens = Math.max(this.cachedTokens, event.cachedTokens);
    const { kind, produced } = event;
    if (this.delays === undefined) this.pass(index, kind, produced);
    else this.delays.push(() => this.pass(index, kind, produced));
  }

  private pass(index: number, kind: 'token' | 'finished', produced: Tokens): void {
    if (this.over) return;
    if (kind === 'token') this.token(index, produced);
    else this.finish(index);
  }

  private token(index: number, produced: Tokens): void {
    const { plan, response, ports } = this;
    const progress = this.progress[index]!;
    const now = ports.clock.now();
    if (produced === 1) {
      progress.first = now;
      ports.metrics.firstToken((now - this.started) / 1000);
    } else {
      ports.metrics.laterToken((now - progress.last) / 1000);
    }
    progress.produced = produced;
    progress.last = now;
    if (this.breaks()) return;
    this.sentTokens++;
    if (!plan.stream) return;
    response.write(plan.wire.token(index, plan.choices[index]!.answer, produced - 1));
    if (response.writableLength > MOST_UNREAD) response.destroy();
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

  private finish(index: number): void {
    const { plan, response, ports } = this;
    const { produced, first, last } = this.progress[index]!;
    const { answer } = plan.choices[index]!;
    ports.metrics.ended({
      endToEnd: (last - this.started) / 1000,
      perToken: produced > 1 ? (last - first) / (produced - 1) / 1000 : undefined,
      reason: answer.finish,
    });
    const { fault } = plan;
    if (fault?.kind === 'cut' || fault?.kind === 'stall') {
      // The answer was too short to break in the middle: it breaks at its end.
      this.breakOff(fault.kind);
      return;
    }
    if (plan.stream) response.write(plan.wire.finish(index, answer));
    if (--this.open > 0) return;
    this.over = true;
    if (plan.stream) {
      response.end(plan.wire.end(this.usage(), plan.includeUsage));
      return;
    }
    const body = Buffer.from(this.whole());
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...plan.headers });
    response.end(body);
  }

  private whole(): string {
    return this.plan.wire.whole(
      this.plan.choices.map(choice => choice.answer),
      this.usage(),
    );
  }

  private usage() {
    const completionTokens = this.progress.reduce((sum, { produced }) => sum + produced, 0);
    return { promptTokens: this.plan.promptTokens, completionTokens, cachedTokens: this.cachedTokens };
  }

  /** Takes every sequence that is still in the engine out of it. */
  private end(): void {
    this.over = true;
    this.delays?.clear();
    for (const cancel of this.cancels) cancel();
  }
}
