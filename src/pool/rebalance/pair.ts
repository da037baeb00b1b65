import type { Clock } from '#contract/clock.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { FadingMean } from '#pool/estimation/mean.js';
import type { Replica } from '#pool/topology/replica.js';
import type { ServedPool } from '#pool/topology/served.js';
import { Chooser, type Look } from './chooser.js';
import { type Lengths, LengthWindow } from './length-window.js';
import type { PairStatus } from './move.js';
import type { PairSettings } from './schema.js';
import type { Speed, Split } from './split.js';

/** Sequences that the time of an output token is taken at. */
const BATCH = 64;
const READ_TOKENS = 4096;

/** Two pools that share their replicas: what came for them, how they stand, and where they should go. */
export class Pair {
  paused = false;
  /** Replicas that have moved. */
  moved = 0;
  private readonly window: LengthWindow;
  private readonly chooser: Chooser;
  private readonly uncached = new FadingMean(0.01);
  private readonly answered = new FadingMean(0.01);
  private look: Look | undefined;
  private idle: string | undefined = 'no look yet';
  private requests = 0;

  /** @param longest window of the long pool. */
  constructor(
    readonly name: string,
    readonly settings: PairSettings,
    readonly model: string,
    readonly longest: Tokens,
    private readonly clock: Clock,
  ) {
    const boundaries = (settings.boundaries ?? doublings(longest)).filter(edge => edge < longest);
    this.window = new LengthWindow(settings.window, boundaries, longest, clock.now());
    this.chooser = new Chooser(settings, boundaries);
  }

  has(pool: string): boolean {
    return pool === this.settings.short || pool === this.settings.long;
  }

  asked({ promptTokens, outputTokens }: PlacementRequest): void {
    this.window.add(promptTokens, outputTokens, this.clock.now());
  }

  /** What an answer took of what was expected of it. */
  ended(expected: Tokens, prompt: Tokens, cached: Tokens, output: Tokens): void {
    if (prompt > 0) this.uncached.observe(Math.min(1, Math.max(0, 1 - cached / prompt)));
    if (expected > 0) this.answered.observe(Math.min(10, output / expected));
  }

  /** Looks at the requests of the window. @returns a change that is due. */
  decide(short: ServedPool, long: ServedPool): (Look & { readonly from: Split }) | undefined {
    const { clock } = this;
    const from = this.split(short, long);
    const lengths = this.window.lengths(clock.now());
    this.requests = lengths.count;
    this.look = undefined;
    this.idle = this.whyIdle(lengths, from);
    if (this.idle !== undefined) return undefined;
    const speed = this.speedOf(lengths, [...short.replicas, ...long.replicas]);
    if (speed === undefined) {
      this.idle = 'nothing is known yet of how fast replicas read';
      return undefined;
    }
    const look = this.chooser.look(lengths, from, speed, clock.now());
    this.look = look;
    return look.due ? { ...look, from } : undefined;
  }

  began(from: Split, to: Split): void {
    this.chooser.began(from, to, this.clock.now());
  }

  split(short: ServedPool, long: ServedPool): Split {
    return { boundary: short.contextTokens, short: available(short), long: available(long) };
  }

  status(short: ServedPool | undefined, long: ServedPool | undefined): PairStatus {
    const { look, settings } = this;
    return {
      pair: this.name,
      short: settings.short,
      long: settings.long,
      paused: this.paused,
      moved: this.moved,
      boundary: short?.contextTokens ?? 0,
      replicas: { short: short?.replicas.length ?? 0, long: long?.replicas.length ?? 0 },
      available: {
        short: short === undefined ? 0 : available(short),
        long: long === undefined ? 0 : available(long),
      },
      requests: this.requests,
      idle: this.paused ? 'paused' : this.idle,
      p99Ms: look?.now.p99Ms,
      shortLoad: look?.now.shortLoad,
      longLoad: look?.now.longLoad,
      streak: look?.streak ?? 0,
      needed: look?.needed ?? settings.patience,
    };
  }

  private whyIdle({ count }: Lengths, { short, long }: Split): string | undefined {
    const { least_requests: least } = this.settings;
    if (count < least) return `${count} of ${least} requests in the window`;
    return short === 0 || long === 0 ? 'a pool has no replica that takes requests' : undefined;
  }

  /** By the engine model where the hardware is known, else as measured: a token is then taken to be written in the time one is read. */
  private speedOf(lengths: Lengths, replicas: readonly Replica[]): Speed | undefined {
    const learned = { uncached: this.uncached.value ?? 1, answered: this.answered.value ?? 1 };
    const modelled = replicas.find(({ forecast }) => forecast !== undefined);
    if (modelled?.forecast !== undefined) {
      const { forecast, hardware } = modelled;
      const need = lengths.classes.reduce((sum, one) => sum + one.prompt + one.output, 0) / lengths.count;
      const idle = { inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };
      const many = forecast.iterationMs(BATCH, BATCH * need);
      return {
        readMs: forecast.ttftMs(idle, READ_TOKENS, 0) / READ_TOKENS / hardware.speed,
        writeMs: Math.max(0, many - forecast.iterationMs(1, need)) / (BATCH - 1) / hardware.speed,
        ...learned,
      };
    }
    const rates = replicas.flatMap(({ prefill }) => prefill.alone ?? []).sort((a, b) => a - b);
    const rate = rates[rates.length >> 1];
    return rate === undefined ? undefined : { readMs: 1 / rate, writeMs: 1 / rate, ...learned };
  }
}

function available({ replicas }: ServedPool): number {
  return replicas.reduce((sum, { unavailable }) => sum + (unavailable === undefined ? 1 : 0), 0);
}

function doublings(longest: Tokens): Tokens[] {
  const list: Tokens[] = [];
  for (let edge = 1024; edge <= longest / 2; edge *= 2) list.push(edge);
  return list;
}

/** A change in words: what was seen, and what it is to bring. */
export function explained({ now, best, streak }: Look, from: Split): string {
  const { split, predicted } = best;
  const ms = (value: Milliseconds) => (value >= 1e8 ? 'beyond saying' : `${Math.round(value)} ms`);
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const moved = split.short - from.short;
  const replicas = `${Math.abs(moved)} ${Math.abs(moved) === 1 ? 'replica' : 'replicas'}`;
  const what = [
    ...(moved === 0 ? [] : [`${replicas} to the ${moved > 0 ? 'short' : 'long'} pool`]),
    ...(split.boundary === from.boundary ? [] : [`the boundary from ${from.boundary} to ${split.boundary} tokens`]),
  ];
  return (
    `Replicas of the short pool are at work for ${percent(now.shortLoad)} of the time, of the long pool for ${percent(now.longLoad)}. ` +
    `To move ${what.join(' and ')} promises a P99 to the first token of ${ms(predicted.p99Ms)} instead of ${ms(now.p99Ms)}, ${streak} looks in a row.`
  );
}
