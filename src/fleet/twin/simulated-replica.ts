import type { Bytes, Joules, Milliseconds, Tokens } from '#contract/units.js';
import type { Engine, EngineEvent, EngineIteration, EngineRequest } from '#pool/engine/engine.js';
import { Link } from './link.js';
import type { LoadWindows } from './load-windows.js';
import type { VirtualClock } from './virtual-clock.js';

/** A sequence on an engine, and who waits for it. */
export interface Running {
  readonly request: EngineRequest;
  /** The first token is here. */
  began(): void;
  /** The last one is. */
  finished(cachedTokens: Tokens): void;
  /** The replica has failed. */
  lost(): void;
}

/** What a replica needs of the twin around it. */
export interface ReplicaHost {
  readonly clock: VirtualClock;
  /** Nothing runs on a replica any longer. */
  emptied(replica: SimulatedReplica): void;
}

/**
 * One engine in virtual time. It fails with all that it runs and comes back with nothing in its cache; what its engines did before
 * is kept in its figures.
 *
 * Its iterations are computed when something may come of them, or somebody looks: a stretch in which every sequence only decodes costs
 * one wake-up, however many others come and go beside it.
 */
export class SimulatedReplica {
  private engine: Engine | undefined;
  private readonly running = new Map<number, Running>();
  private readonly link = new Link();
  /** Requests that will be asked of it when their prompts are here. */
  private expected = 0;
  private active = false;
  /** Counts engines: what one that has failed since was about is nobody's any more. */
  private life = 0;
  /** The last wake-up that was asked for: those before it are void. */
  private wakeUp = 0;
  /** End of the last iteration that is computed, which may be under way, and what it reports then. */
  private endsAt: Milliseconds = 0;
  private events: readonly EngineEvent[] = [];
  private busyMs: Milliseconds = 0;
  private upMs: Milliseconds = 0;
  private upSince: Milliseconds = 0;
  /** Of engines that are no more. */
  private past: EngineSums = NOTHING;

  /**
   * @param slot its place in the pool's load, free again when it has left.
   * @param kvBytesPerToken what a token's KV is on the way from another replica.
   */
  constructor(
    readonly id: string,
    public slot: number,
    private load: LoadWindows,
    private readonly host: ReplicaHost,
    readonly kvBytesPerToken: Bytes,
    private readonly makeEngine: () => Engine,
  ) {
    this.repair();
  }

  get up(): boolean {
    return this.engine !== undefined;
  }

  /** Requests on it, and those whose prompts are on their way to it. */
  get inFlight(): number {
    return this.running.size + this.expected;
  }

  /** A request whose prompt another replica computes is going to come (1), or has (−1). */
  coming(change: 1 | -1): void {
    this.expected += change;
    if (this.inFlight === 0) this.host.emptied(this);
  }

  /** Prompt tokens of a request that its cache holds; none while it is down. */
  cached({ prefix, promptTokens }: Pick<EngineRequest, 'prefix' | 'promptTokens'>): Tokens {
    this.catchUp();
    return this.engine?.cached(prefix, promptTokens) ?? 0;
  }

  /** KV is sent to it over its link. @returns when it is there. */
  receive(takesMs: Milliseconds): Milliseconds {
    return this.link.cross(this.host.clock.now(), takesMs);
  }

  /** Share of its KV blocks that running sequences hold. */
  get kvShare(): number {
    this.catchUp();
    const stats = this.engine?.stats();
    return stats === undefined ? 0 : stats.usedBlocks / stats.totalBlocks;
  }

  /** @throws WeirError as {@link Engine.submit}; the replica must be up. */
  submit(running: Running): void {
    const { request } = running;
    const now = this.host.clock.now();
    this.catchUp();
    this.engine!.submit(request, now);
    this.running.set(request.id, running);
    this.load.add(this.slot, request.promptTokens + request.outputTokens, now);
    if (this.active) this.wakeAt(this.endsAt);
    else this.run();
  }

  /** Nobody waits for it any longer. */
  cancel(id: number): void {
    const running = this.running.get(id);
    if (running === undefined) return;
    this.catchUp();
    this.engine!.cancel(id);
    this.wakeAt(this.endsAt);
    this.forget(running);
  }

  /** Goes down: all that it runs is lost. */
  fail(): void {
    const lost = [...this.running.values()];
    this.stop();
    for (const running of lost) this.forget(running);
    for (const running of lost) running.lost();
  }

  /** Belongs to another pool from now on; nothing may run on it. */
  standIn(load: LoadWindows, slot: number): void {
    this.load = load;
    this.slot = slot;
  }

  /** Comes up, with an empty cache. */
  repair(): void {
    if (this.engine !== undefined) return;
    const now = this.host.clock.now();
    this.engine = this.makeEngine();
    this.engine.settle(now);
    this.upSince = now;
  }

  /** Goes down with nothing on it. */
  stop(): void {
    if (this.engine === undefined) return;
    const now = this.host.clock.now();
    this.catchUp();
    this.engine.settle(now);
    this.past = sumOf(this.past, this.engine.stats());
    this.upMs += now - this.upSince;
    this.busyMs -= Math.max(0, this.endsAt - now);
    this.engine = undefined;
    this.active = false;
    this.life++;
    this.wakeUp++;
  }

  /** What it did up to a time, and for how long it was up and busy. */
  figures(until: Milliseconds): ReplicaFigures {
    this.catchUp();
    const { engine, past, busyMs, upMs } = this;
    if (engine === undefined) return { ...past, busyMs, upMs };
    engine.settle(until);
    return { ...sumOf(past, engine.stats()), busyMs, upMs: upMs + Math.max(0, until - this.upSince) };
  }

  /** Has the engine begin its next iteration. */
  private run(): void {
    const now = this.host.clock.now();
    const iteration = this.engine!.advance(now, now);
    this.active = iteration !== undefined;
    if (iteration === undefined) return;
    this.computed(iteration);
    this.wait();
  }

  private computed({ startedAt, endsAt, events }: EngineIteration): void {
    this.busyMs += endsAt - startedAt;
    this.endsAt = endsAt;
    this.events = events;
  }

  /** Computes the iterations up to the one that is under way now. None of those that have ended since had anything to report. */
  private catchUp(): void {
    const now = this.host.clock.now();
    if (!this.active || this.endsAt >= now) return;
    const iteration = this.engine!.advance(this.endsAt, now);
    if (iteration !== undefined) this.computed(iteration);
  }

  private wait(): void {
    this.wakeAt(Math.max(this.endsAt, this.engine!.quietUntil()));
  }

  private wakeAt(time: Milliseconds): void {
    const wakeUp = ++this.wakeUp;
    this.host.clock.quietlyAt(time, () => {
      if (wakeUp === this.wakeUp) this.wake();
    });
  }

  private wake(): void {
    this.catchUp();
    if (this.endsAt > this.host.clock.now()) {
      this.wait();
      return;
    }
    const { life } = this;
    this.observe(this.events);
    // Whoever was told may have brought the whole replica down.
    if (life === this.life) this.run();
  }

  private observe(events: readonly EngineEvent[]): void {
    if (events.length === 0) return;
    // Who is told may ask this very engine for more, whose events are its own to reuse.
    let ended: { readonly running: Running; readonly cachedTokens: Tokens }[] | undefined;
    for (const { kind, id, cachedTokens, produced } of events) {
      const running = this.running.get(id);
      if (running === undefined || kind === 'preempted') continue;
      if (kind === 'token') {
        if (produced === 1) running.began();
        continue;
      }
      ended ??= [];
      ended.push({ running, cachedTokens });
    }
    if (ended === undefined) return;
    for (const { running } of ended) this.forget(running);
    for (const { running, cachedTokens } of ended) running.finished(cachedTokens);
  }

  private forget({ request }: Running): void {
    this.running.delete(request.id);
    this.load.add(this.slot, -(request.promptTokens + request.outputTokens), this.host.clock.now());
    if (this.inFlight === 0) this.host.emptied(this);
  }
}

/** What engines have done in all. */
export interface EngineSums {
  readonly promptTokens: Tokens;
  readonly cachedTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly joules: Joules;
  readonly preemptions: number;
  /** Of the cached ones, those that were read from the host's memory and from storage, and what iterations were longer for that. */
  readonly hostTokens: Tokens;
  readonly diskTokens: Tokens;
  readonly stalledMs: Milliseconds;
}

/** The same of one replica, with how long it was busy and up. */
export interface ReplicaFigures extends EngineSums {
  readonly busyMs: Milliseconds;
  readonly upMs: Milliseconds;
}

export const NOTHING: EngineSums = {
  ...{ promptTokens: 0, cachedTokens: 0, outputTokens: 0, joules: 0, preemptions: 0 },
  ...{ hostTokens: 0, diskTokens: 0, stalledMs: 0 },
};

/** What an engine's own figures are of that: one without tiers behind its GPUs has read nothing from there. */
type Counted = Omit<EngineSums, 'hostTokens' | 'diskTokens' | 'stalledMs'> & Partial<EngineSums>;

export function sumOf(a: EngineSums, b: Counted): EngineSums {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    joules: a.joules + b.joules,
    preemptions: a.preemptions + b.preemptions,
    hostTokens: a.hostTokens + (b.hostTokens ?? 0),
    diskTokens: a.diskTokens + (b.diskTokens ?? 0),
    stalledMs: a.stalledMs + (b.stalledMs ?? 0),
  };
}

/** What was done after `b`. */
export function lessOf(a: ReplicaFigures, b: ReplicaFigures): ReplicaFigures {
  return {
    promptTokens: a.promptTokens - b.promptTokens,
    cachedTokens: a.cachedTokens - b.cachedTokens,
    outputTokens: a.outputTokens - b.outputTokens,
    joules: a.joules - b.joules,
    preemptions: a.preemptions - b.preemptions,
    hostTokens: a.hostTokens - b.hostTokens,
    diskTokens: a.diskTokens - b.diskTokens,
    stalledMs: a.stalledMs - b.stalledMs,
    busyMs: a.busyMs - b.busyMs,
    upMs: a.upMs - b.upMs,
  };
}
