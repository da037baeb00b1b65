import type { Random } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import type { CircuitSettings } from '#pool/resilience-schema.js';
import { RollingCounts } from './rolling-counts.js';

export type CircuitState = 'closed' | 'open' | 'half-open';

/** A request that went well speaks for the replica for so long. */
const GOOD_FOR: Milliseconds = 2000;

/** Largest part by which an open time is shortened, so that replicas that failed together are not tried together. */
const JITTER = 0.2;

/**
 * A passive circuit breaker: it learns from requests alone.
 *
 * Closed until `failures` requests in a row fail, or `error_share` of at least `least_requests` in the window. Open for
 * `open_for · 2^k`, at most `open_at_most`, shortened at random by up to a fifth; k counts openings in a row, and starts
 * again once the circuit has stayed closed for longer than it was last open. Then half-open: one trial at a time, whose
 * success closes and whose failure opens again.
 *
 * Each request carries a ticket. Those from before an opening are stale and change nothing: a slow answer to an old request
 * says nothing of the replica now.
 */
export class CircuitBreaker {
  private readonly window: RollingCounts;
  private opened = false;
  /** Only what others told has opened it. */
  private hearsay = false;
  private openUntil: Milliseconds = 0;
  private lastOpenMs: Milliseconds = 0;
  private closedAt: Milliseconds = 0;
  private openings = 0;
  private inRow = 0;
  private passedAt: Milliseconds = Number.NEGATIVE_INFINITY;
  private trial = false;
  private generation = 0;

  constructor(
    private settings: CircuitSettings,
    private readonly random: Random,
  ) {
    this.window = new RollingCounts(settings.window);
  }

  configure(settings: CircuitSettings): void {
    this.settings = settings;
    this.window.resize(settings.window);
  }

  /** Nothing is held against the replica: no look at the clock is needed. */
  get closed(): boolean {
    return !this.opened;
  }

  /** Whether a request may go now: always when closed, as the one trial when half-open. */
  allows(now: Milliseconds): boolean {
    return !this.opened || (now >= this.openUntil && !this.trial);
  }

  state(now: Milliseconds): CircuitState {
    if (!this.opened) return 'closed';
    return now >= this.openUntil ? 'half-open' : 'open';
  }

  /** From when on it lets a request through, if nothing but time passes: never while a trial is under way. */
  get allowsFrom(): Milliseconds {
    if (!this.opened) return Number.NEGATIVE_INFINITY;
    return this.trial ? Number.POSITIVE_INFINITY : this.openUntil;
  }

  /** Time until the next trial may go; 0 when closed or due. */
  opensIn(now: Milliseconds): Milliseconds {
    return this.opened ? Math.max(0, this.openUntil - now) : 0;
  }

  /** Requests and failures in the window. */
  requests(now: Milliseconds): number {
    return this.window.total(now);
  }

  failures(now: Milliseconds): number {
    return this.window.failures(now);
  }

  /** A request goes to the replica. The ticket comes back with what became of it. */
  begin(now: Milliseconds): number {
    if (this.opened) {
      if (!this.allows(now)) return -1;
      this.trial = true;
      this.generation += 1;
    }
    return this.generation;
  }

  /** The replica began to answer: enough for a trial, whose whole answer may take minutes. */
  answering(ticket: number, now: Milliseconds): void {
    if (this.opened && ticket === this.generation) this.close(now);
  }

  passed(ticket: number, now: Milliseconds): void {
    if (ticket !== this.generation) return;
    if (this.opened) this.close(now);
    this.inRow = 0;
    this.passedAt = now;
    this.window.add(true, now);
  }

  failed(ticket: number, now: Milliseconds): void {
    if (ticket !== this.generation) return;
    if (this.opened) {
      this.open(now);
      return;
    }
    this.inRow += 1;
    this.window.add(false, now);
    const total = this.window.total(now);
    const tooMany =
      total >= this.settings.least_requests && this.window.failures(now) >= this.settings.error_share * total;
    if (this.inRow >= this.settings.failures || tooMany) this.open(now);
  }

  /** The request ended without a verdict on the replica: a trial leaves its place to another. */
  abandoned(ticket: number): void {
    if (this.opened && ticket === this.generation) this.trial = false;
  }

  /** Whether what is known here has opened it: what was only told by others is not told again. */
  get foundOpen(): boolean {
    return this.opened && !this.hearsay;
  }

  /** Another gateway's circuit has opened: so does this one, unless the last request here went well lately. */
  toldOpen(now: Milliseconds): void {
    if (this.opened || (this.inRow === 0 && now - this.passedAt <= GOOD_FOR)) return;
    this.open(now);
    this.hearsay = true;
  }

  /** Another gateway's circuit has closed: one that is open for what others told may be tried at once. */
  toldClosed(now: Milliseconds): void {
    if (this.opened && this.hearsay) this.openUntil = Math.min(this.openUntil, now);
  }

  /** Opens on other evidence than requests, such as failed probes. */
  trip(now: Milliseconds): void {
    if (!this.opened) this.open(now);
  }

  /** Starts counting afresh, after the replica has been out for another reason. */
  forgive(): void {
    this.inRow = 0;
    this.window.clear();
  }

  /** Closes on other evidence than requests, such as a probe after a restart. */
  reset(now: Milliseconds): void {
    if (this.opened) this.close(now);
    this.forgive();
  }

  private open(now: Milliseconds): void {
    if (!this.opened && now - this.closedAt > this.lastOpenMs) this.openings = 0;
    const { open_for, open_at_most } = this.settings;
    const full = Math.min(open_at_most, open_for * 2 ** Math.min(this.openings, 30));
    this.lastOpenMs = full * (1 - JITTER * this.random.next());
    this.openUntil = now + this.lastOpenMs;
    this.openings += 1;
    this.opened = true;
    this.hearsay = false;
    this.trial = false;
    this.generation += 1;
  }

  private close(now: Milliseconds): void {
    this.opened = false;
    this.trial = false;
    this.closedAt = now;
    this.forgive();
  }
}
