import type { Clock } from '#contract/clock.js';
import type { SharedCounter } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import { type HeardCount, TOLD_AGAIN, type Told } from './exchange.js';

/** A counter that nobody asked for in this time gives its claim up. */
const ASKED_LATELY: Milliseconds = 2000;
/** What could not be had is asked of the others for so long. */
const NEEDED_LATELY: Milliseconds = 250;

/** What a counter knows of those around it. */
export interface Surroundings {
  readonly clock: Clock;
  readonly processes: number;
  /** Whether the last exchange came about; `undefined` before the first. */
  readonly heard: boolean | undefined;
  /** There is too little room, and an exchange may bring some; `contended` when it is only claims that stand in the way. */
  short(contended: boolean): void;
}

/** One process's side of a shared counter. */
export class ExchangedCounter implements SharedCounter {
  own = 0;
  held = 0;
  othersHeld = 0;
  /** What others have spent, as the memory of now has it. */
  private heard = 0;
  /** What is known of others' spending that a memory which was lost had from those who have ended since. */
  private lost = 0;
  /** What was known when the memory was lost, while others may still have to tell the new one. */
  private floor: number | undefined;
  /** Something was counted that the others have not been told of. */
  private untold = false;
  private askedAt: Milliseconds;
  toldAt: Milliseconds = Number.NEGATIVE_INFINITY;
  private told: Told | undefined;
  /** Up to where spent and held together may go; nothing before the first exchange. */
  private claim: number | undefined;
  /** What was left when somebody last asked, and what had been counted then. */
  private left = 0;
  private ownThen = 0;
  private heardThen = 0;
  /** What could not be had lately. */
  private need = 0;
  private neededAt: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly among: Surroundings,
    readonly name: string,
    public until: Milliseconds,
  ) {
    this.askedAt = among.clock.now();
  }

  get others(): number {
    return Math.max(this.floor ?? 0, this.heard + this.lost);
  }

  add(amount: number): void {
    this.own += amount;
    this.untold = true;
  }

  hold(amount: number): void {
    this.held += amount;
    this.untold = true;
  }

  room(left: number, need: number, used = this.own): number {
    const { clock, processes, heard } = this.among;
    this.askedAt = clock.now();
    this.left = left;
    this.ownThen = this.own;
    this.heardThen = this.heard;
    if (this.claim === undefined) {
      if (heard === false) return Math.min(left, Math.ceil((left + used) / processes) - used) - this.held;
      this.want(need, true);
      return 0;
    }
    const room = Math.min(left, this.claim - this.own) - this.held;
    if (room >= need) this.need = 0;
    // Others may have given back what they held, and may give up what they claim.
    else if (heard !== false && left - this.held >= need) this.want(need, left - this.held - this.othersHeld >= need);
    return room;
  }

  /** How urgent it is to tell of it: 2 when somebody waits, 1 when there is something to tell or to ask, 0 otherwise. */
  urgency(now: Milliseconds): 0 | 1 | 2 {
    if (this.needed(now) > 0) return 2;
    if (this.untold || this.askedLately(now) || (this.told !== undefined && this.claim !== this.told.claim)) return 1;
    return (this.own !== 0 || this.held !== 0) && now - this.toldAt >= TOLD_AGAIN ? 1 : 0;
  }

  tell(now: Milliseconds): Told {
    const { name, own, held } = this;
    const claim = Math.max(own + held, this.claim ?? 0);
    const wants = { left: this.left - (own - this.ownThen), others: this.heardThen, need: this.needed(now) };
    this.toldAt = now;
    this.told = { name, own, held, claim, ...(this.askedLately(now) ? { wants } : undefined) };
    return this.told;
  }

  /** Takes in what the others have, and the claim that this process has now. */
  hear(told: Told, { others, othersHeld, claim, keep }: HeardCount): void {
    this.heard = Math.max(this.heard, others);
    this.othersHeld = othersHeld;
    this.claim = keep < claim ? Math.max(this.own + this.held, keep) : claim;
    this.told = { ...told, claim };
    if (this.own === told.own && this.held === told.held) this.untold = false;
  }

  /** Whether nobody would miss it. */
  get unused(): boolean {
    return this.own === 0 && this.held === 0 && (this.claim ?? 0) === 0;
  }

  /** Another memory, which is to be told everything again, and is not told what those had spent who have ended. */
  forgotten(): void {
    this.floor = this.others;
    this.heard = 0;
    this.heardThen = 0;
    this.lost = 0;
    this.untold = this.own !== 0 || this.held !== 0 || this.claim !== undefined;
  }

  /** All who are still there have told the new memory what they had. */
  remembered(): void {
    if (this.floor === undefined) return;
    this.lost = Math.max(0, this.floor - this.heard);
    this.floor = undefined;
  }

  private want(need: number, contended: boolean): void {
    this.need = need;
    this.neededAt = this.among.clock.now();
    this.among.short(contended);
  }

  private needed(now: Milliseconds): number {
    return now - this.neededAt < NEEDED_LATELY ? this.need : 0;
  }

  private askedLately(now: Milliseconds): boolean {
    return now - this.askedAt < ASKED_LATELY;
  }
}
