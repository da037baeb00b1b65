import type { Cancel, Clock } from '#contract/clock.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { Engine, EngineEvent, EngineIteration, EngineRequest, EngineStats } from '#pool/engine/engine.js';

/** Longest time for which delivering events keeps all else waiting. */
const LONGEST_RUN_MS = 20;

export type EventListener = (event: EngineEvent) => void;

/**
 * Drives an engine in real time: an event is passed on when the iteration it happened in ends. Time in the engine runs `speed`
 * times as fast as the clock; at speed infinity answers come whole, as fast as the machine can make them.
 */
export class Pacer {
  private readonly listeners = new Map<number, EventListener>();
  private readonly origin: Milliseconds;
  private readonly instant: boolean;
  private current: EngineIteration | undefined;
  private cancelTimer: Cancel | undefined;
  private delivering = false;
  private closed = false;
  private nextId = 0;
  private ended: Milliseconds = 0;

  constructor(
    private readonly engine: Engine,
    private readonly clock: Clock,
    readonly speed: number,
  ) {
    this.origin = clock.now();
    this.instant = speed === Number.POSITIVE_INFINITY;
  }

  /**
   * Submits a sequence; the listener hears of each of its tokens and of its end, never before this returns.
   *
   * @returns what takes the sequence out; it does nothing once the sequence has ended.
   * @throws WeirError what {@link Engine.submit} throws.
   */
  submit(request: Omit<EngineRequest, 'id'>, listener: EventListener): Cancel {
    this.catchUp();
    const id = this.nextId++;
    const now = this.now();
    this.engine.submit({ ...request, id }, now);
    this.listeners.set(id, listener);
    if (this.instant) queueMicrotask(() => this.drain());
    else if (this.current === undefined && !this.delivering) {
      this.current = this.engine.step(now);
      this.arm();
    }
    return () => {
      if (this.listeners.delete(id)) this.engine.cancel(id);
    };
  }

  /** As {@link Engine.cached}. */
  cached(prefix: PromptPrefix, promptTokens: Tokens): Tokens {
    return this.engine.cached(prefix, promptTokens);
  }

  stats(): EngineStats {
    if (this.current === undefined && !this.instant) this.engine.settle(this.now());
    return this.engine.stats();
  }

  /** Stops the time: no listener hears anything any more. */
  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.current = undefined;
    this.listeners.clear();
  }

  private now(): Milliseconds {
    return this.instant ? this.ended : (this.clock.now() - this.origin) * this.speed;
  }

  private drain(): void {
    while (!this.closed) {
      const iteration = this.engine.step(this.ended);
      if (iteration === undefined) return;
      this.ended = iteration.endsAt;
      this.deliver(iteration);
    }
  }

  /**
   * Runs what has ended by now. Each iteration begins when the one before it ended in the engine's time, however late the timer
   * was, so that delays do not add up. At a speed the machine cannot keep, it lets others run now and then and falls behind.
   */
  private catchUp(): void {
    if (this.delivering || this.instant) return;
    const until = this.clock.now() + LONGEST_RUN_MS;
    while (this.current !== undefined && this.current.endsAt <= this.now() && this.clock.now() < until) {
      const { endsAt } = this.current;
      this.deliver(this.current);
      this.current = this.closed ? undefined : this.engine.step(endsAt);
    }
  }

  private arm(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    if (this.current === undefined) return;
    this.cancelTimer = this.clock.after(Math.max(0, (this.current.endsAt - this.now()) / this.speed), () => {
      this.catchUp();
      this.arm();
    });
  }

  private deliver(iteration: EngineIteration): void {
    this.delivering = true;
    for (const event of iteration.events) {
      const listener = this.listeners.get(event.id);
      if (event.kind === 'finished') this.listeners.delete(event.id);
      listener?.(event);
    }
    this.delivering = false;
  }
}
