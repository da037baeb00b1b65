import type { Milliseconds, Tokens } from '#contract/units.js';
import type { LengthClass, Lengths } from './length-window.js';

/** How fast one replica works, and how much of the work is left to it. */
export interface Speed {
  /** Time to read a prompt token. */
  readonly readMs: Milliseconds;
  /** Time that an output token takes of an iteration. */
  readonly writeMs: Milliseconds;
  /** Share of prompt tokens that are not found in caches, and answers over what was expected of them. */
  readonly uncached: number;
  readonly answered: number;
}

/** A boundary and how many replicas stand on each side of it. */
export interface Split {
  readonly boundary: Tokens;
  readonly short: number;
  readonly long: number;
}

export interface Prediction {
  /** 99th percentile of time to first token over both pools. */
  readonly p99Ms: Milliseconds;
  /** Share of its time that a replica of each pool is at work. */
  readonly shortLoad: number;
  readonly longLoad: number;
}

/** Beyond this share of time nothing is promised: such splits are compared by how far they are beyond. */
const FULL = 0.95;
/** What a full split costs: more than any 99th percentile. */
const FULL_COST_MS = 1e9;
const TAIL = 0.01;

interface Side {
  readonly load: number;
  /** Chance of a wait, and the mean of those waits. */
  readonly waits: number;
  readonly waitMs: Milliseconds;
  /** Time to read a prompt token beside what is being written. */
  readonly readMs: Milliseconds;
}

/**
 * What a split would make of requests as they come now. Each pool is a queue of n servers that read prompts in turn, slowed by what they write
 * meanwhile: with s the time to read a prompt, stretched by 1 / (1 − share of time that writing takes), the chance of a wait is ρ^(√(2(n + 1)) − 1)
 * (Sakasegawa 1977), and waits are exponential with mean (1 + c²)/2 · E[s] / (n(1 − ρ)) (Allen and Cunneen), c² the squared coefficient of variation of s.
 */
export function predict(lengths: Lengths, split: Split, speed: Speed): Prediction {
  const short = lengths.classes.filter(({ upTo }) => upTo <= split.boundary);
  const long = lengths.classes.filter(({ upTo }) => upTo > split.boundary);
  const sides = [sideOf(short, split.short, lengths.spanMs, speed), sideOf(long, split.long, lengths.spanMs, speed)];
  const [first, second] = sides as [Side, Side];
  return {
    p99Ms: tail(lengths.count, short, first, long, second, speed),
    shortLoad: first.load,
    longLoad: second.load,
  };
}

/** One number by which splits are compared: the 99th percentile, or, of pools that are full, by how much. */
export function costOf({ p99Ms, shortLoad, longLoad }: Prediction): number {
  const most = Math.max(shortLoad, longLoad);
  return most < FULL ? p99Ms : FULL_COST_MS * (0.01 + most - FULL);
}

function sideOf(classes: readonly LengthClass[], replicas: number, spanMs: Milliseconds, speed: Speed): Side {
  let [count, prompt, squared, output] = [0, 0, 0, 0];
  for (const one of classes) {
    count += one.count;
    prompt += one.prompt * speed.uncached;
    squared += one.promptSquared * speed.uncached ** 2;
    output += one.output * speed.answered;
  }
  if (count === 0) return { load: 0, waits: 0, waitMs: 0, readMs: speed.readMs };
  if (replicas === 0) return { load: Number.POSITIVE_INFINITY, waits: 1, waitMs: FULL_COST_MS, readMs: speed.readMs };
  const writing = (output * speed.writeMs) / spanMs / replicas;
  const load = writing + (prompt * speed.readMs) / spanMs / replicas;
  const readMs = speed.readMs / (1 - Math.min(writing, FULL));
  const busy = Math.min((prompt * readMs) / spanMs / replicas, FULL);
  const mean = (prompt / count) * readMs;
  const variation = prompt > 0 ? (squared * count) / prompt ** 2 - 1 : 0;
  return {
    load,
    waits: busy ** (Math.sqrt(2 * (replicas + 1)) - 1),
    waitMs: ((1 + Math.max(0, variation)) / 2) * (mean / (replicas * (1 - busy))),
    readMs,
  };
}

/** The time that one request in a hundred waits longer than, by halving. */
function tail(
  all: number,
  short: readonly LengthClass[],
  shortSide: Side,
  long: readonly LengthClass[],
  longSide: Side,
  speed: Speed,
): Milliseconds {
  if (all === 0) return 0;
  const later = (classes: readonly LengthClass[], side: Side, t: Milliseconds) => {
    let sum = 0;
    for (const { count, prompt } of classes) {
      if (count === 0) continue;
      const left = t - (prompt / count) * speed.uncached * side.readMs;
      sum += count * (left <= 0 ? 1 : side.waitMs === 0 ? 0 : side.waits * Math.exp(-left / side.waitMs));
    }
    return sum;
  };
  let [low, high] = [0, 1];
  const beyond = (t: Milliseconds) => later(short, shortSide, t) + later(long, longSide, t) > TAIL * all;
  while (beyond(high) && high < FULL_COST_MS) high *= 2;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (beyond(middle)) low = middle;
    else high = middle;
  }
  return high;
}
