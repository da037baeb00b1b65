import type { Milliseconds, Tokens } from '#contract/units.js';

/** Parts of the window that are forgotten one at a time. */
const SLICES = 20;

/** Sums over requests of one length class. */
export interface LengthClass {
  /** Largest need of the class. */
  readonly upTo: Tokens;
  readonly count: number;
  readonly prompt: Tokens;
  /** Sum of squares of prompts. */
  readonly promptSquared: number;
  readonly output: Tokens;
}

export interface Lengths {
  /** What the sums are over: the window, or as much of it as has passed. */
  readonly spanMs: Milliseconds;
  readonly count: number;
  readonly classes: readonly LengthClass[];
}

const FIELDS = 4;

/**
 * The sliding distribution of what requests need (prompt and expected answer): sums per length class and slice of time. Memory and the cost of a
 * request do not depend on how many there are; what is a slice too old goes at once.
 */
export class LengthWindow {
  private readonly edges: readonly Tokens[];
  private readonly slices: Float64Array[];
  private readonly sliceMs: Milliseconds;
  private readonly beganAt: Milliseconds;
  private latest: number;

  /** @param boundaries become edges of classes, so that sums below each are exact. */
  constructor(windowMs: Milliseconds, boundaries: readonly Tokens[], longest: Tokens, now: Milliseconds) {
    const edges = new Set(boundaries.filter(edge => edge < longest));
    for (let edge = 64; edge < longest; edge *= Math.SQRT2) edges.add(Math.round(edge));
    this.edges = [...edges, longest].sort((a, b) => a - b);
    this.slices = Array.from({ length: SLICES }, () => new Float64Array(this.edges.length * FIELDS));
    this.sliceMs = windowMs / SLICES;
    this.beganAt = now;
    this.latest = this.sliceAt(now);
  }

  /** A request has come. Those that fit no window are no demand. */
  add(prompt: Tokens, output: Tokens, now: Milliseconds): void {
    const at = this.classOf(prompt + output);
    if (at < 0) return;
    this.forget(now);
    const slice = this.slices[this.latest % SLICES]!;
    slice[at * FIELDS]! += 1;
    slice[at * FIELDS + 1]! += prompt;
    slice[at * FIELDS + 2]! += prompt * prompt;
    slice[at * FIELDS + 3]! += output;
  }

  lengths(now: Milliseconds): Lengths {
    this.forget(now);
    const classes = this.edges.map((upTo, at) => {
      const [count, prompt, promptSquared, output] = [0, 1, 2, 3].map(field =>
        this.slices.reduce((sum, slice) => sum + slice[at * FIELDS + field]!, 0),
      );
      return { upTo, count: count!, prompt: prompt!, promptSquared: promptSquared!, output: output! };
    });
    const covered = (SLICES - 1) * this.sliceMs + (now - this.latest * this.sliceMs);
    return {
      spanMs: Math.max(1, Math.min(covered, now - this.beganAt)),
      count: classes.reduce((sum, { count }) => sum + count, 0),
      classes,
    };
  }

  private sliceAt(now: Milliseconds): number {
    return Math.max(0, Math.floor(now / this.sliceMs));
  }

  private forget(now: Milliseconds): void {
    const current = this.sliceAt(now);
    const old = Math.min(SLICES, current - this.latest);
    for (let i = 0; i < old; i++) this.slices[(current - i) % SLICES]!.fill(0);
    if (current > this.latest) this.latest = current;
  }

  private classOf(need: Tokens): number {
    let [low, high] = [0, this.edges.length - 1];
    if (!(need <= this.edges[high]!)) return -1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (need <= this.edges[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
