import type { Milliseconds } from '#contract/units.js';

/** How likely a conversation of some kind goes on, and how long it pauses before. */
export interface ReturnForecast {
  readonly probability: number;
  /** 90th percentile of the pauses of those who came back. */
  readonly pauseMs: Milliseconds;
}

/** Kinds of conversations that are told apart, and conversations whose next turn is awaited. */
const MOST_KINDS = 4096;
const MOST_AWAITED = 65_536;
/** Turns seen of a kind before anything is said of it. */
const LEAST_SEEN = 20;
/** Of the newest observation in the fading means: 64 turns count for two thirds. */
const WEIGHT = 1 / 64;
/** 90th percentile of the standard normal. */
const Z90 = 1.2816;

interface Kind {
  seen: number;
  /** Fading share of turns after which the conversation went on in time. */
  returned: number;
  /** Fading mean and variance of ln(pause in ms). */
  returns: number;
  mean: number;
  variance: number;
}

interface Awaited {
  readonly kind: string;
  readonly since: Milliseconds;
}

/**
 * Learns from turns that end and turns that begin whether conversations of a kind come back, and after how long. Pauses are taken to be
 * log-normal: P90 = exp(μ + 1.28 σ). Fading means, so that it follows what changes; bounded in kinds and conversations.
 */
export class SessionReturns {
  private readonly kinds = new Map<string, Kind>();
  /** In order of their ends. */
  private readonly awaited = new Map<string, Awaited>();

  /** A turn of a conversation begins. */
  began(session: string, now: Milliseconds): void {
    const last = this.awaited.get(session);
    if (last === undefined) return;
    this.awaited.delete(session);
    const kind = this.kind(last.kind);
    this.count(kind, true);
    const pause = Math.log(Math.max(1, now - last.since));
    kind.returns += 1;
    const weight = Math.max(WEIGHT, 1 / kind.returns);
    const off = pause - kind.mean;
    kind.mean += weight * off;
    kind.variance = (1 - weight) * (kind.variance + weight * off * off);
  }

  /** A turn has been answered. @param longest who comes back later counts as one who has not. */
  ended(session: string, kind: string, now: Milliseconds, longest: Milliseconds): void {
    if (session === '') return;
    this.awaited.delete(session);
    this.awaited.set(session, { kind, since: now });
    for (const [name, { kind: of, since }] of this.awaited) {
      if (now - since <= longest && this.awaited.size <= MOST_AWAITED) break;
      this.awaited.delete(name);
      this.count(this.kind(of), false);
    }
  }

  /** `undefined` while too little is known of the kind. */
  expect(kind: string): ReturnForecast | undefined {
    const known = this.kinds.get(kind);
    if (known === undefined || known.seen < LEAST_SEEN || known.returns === 0) return undefined;
    return { probability: known.returned, pauseMs: Math.exp(known.mean + Z90 * Math.sqrt(known.variance)) };
  }

  private count(kind: Kind, returned: boolean): void {
    kind.seen += 1;
    kind.returned += Math.max(WEIGHT, 1 / kind.seen) * ((returned ? 1 : 0) - kind.returned);
  }

  private kind(name: string): Kind {
    const known = this.kinds.get(name);
    if (known !== undefined) return known;
    if (this.kinds.size >= MOST_KINDS) this.kinds.delete(this.kinds.keys().next().value!);
    const made = { seen: 0, returned: 0, returns: 0, mean: 0, variance: 0 };
    this.kinds.set(name, made);
    return made;
  }
}
