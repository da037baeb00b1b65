import { countUpTo } from '#contract/rising.js';
import type { Milliseconds, Tokens } from '#contract/units.js';

/** A request's lengths, and how much of its prompt a prefix cache spares. */
export interface RequestLengths {
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly cachedTokens?: Tokens;
  /** What reading those takes that lie behind the GPUs, on the replica that is looked at: nothing unless said. */
  readonly readMs?: Milliseconds;
}

/** Sums over requests that the closed form needs; they add up, so those of any slice are a difference of two. */
export interface LengthMoments {
  readonly count: number;
  /** Prompt tokens, whether they are cached or not. */
  readonly prompt: number;
  /** Prompt tokens to compute, their squares, and pairs of query and key. */
  readonly fresh: number;
  readonly freshSquares: number;
  readonly pairs: number;
  readonly output: number;
  /** Σ output · (prompt + output / 2): KV tokens held, times iterations. */
  readonly held: number;
  /** Σ output · prompt. */
  readonly promptHeld: number;
}

/** Prompts' fresh tokens kept in full resolution for percentiles: at most so many of each slice, evenly drawn from its order. */
const SAMPLED = 256;

/**
 * Requests in order of total length, with running sums: the moments of all requests between two boundaries in O(log n), exactly, with
 * prompt and answer of each request together. No distribution is assumed and nothing is drawn.
 */
export class LengthMix {
  readonly totals: Float64Array;
  private readonly order: readonly RequestLengths[];
  private readonly sums: Record<Exclude<keyof LengthMoments, 'count'>, Float64Array>;

  constructor(requests: readonly RequestLengths[]) {
    this.order = requests.slice().sort((a, b) => totalOf(a) - totalOf(b));
    const { length } = requests;
    const running = () => new Float64Array(length + 1);
    this.totals = Float64Array.from(this.order, totalOf);
    this.sums = {
      prompt: running(),
      fresh: running(),
      freshSquares: running(),
      pairs: running(),
      output: running(),
      held: running(),
      promptHeld: running(),
    };
    for (const [i, { promptTokens, outputTokens, cachedTokens = 0 }] of this.order.entries()) {
      const fresh = Math.max(1, promptTokens - cachedTokens);
      const output = Math.max(1, outputTokens);
      const add = (name: keyof LengthMix['sums'], value: number) => {
        this.sums[name][i + 1] = this.sums[name][i]! + value;
      };
      add('prompt', promptTokens);
      add('fresh', fresh);
      add('freshSquares', fresh * fresh);
      add('pairs', fresh * (promptTokens - fresh / 2));
      add('output', output);
      add('held', output * (promptTokens + output / 2));
      add('promptHeld', output * promptTokens);
    }
  }

  get size(): number {
    return this.order.length;
  }

  /** How many requests have at most so many tokens in all. */
  upTo(total: Tokens): number {
    return countUpTo(this.totals, total);
  }

  moments(from: number, to: number): LengthMoments {
    const between = (name: keyof LengthMix['sums']) => this.sums[name][to]! - this.sums[name][from]!;
    return {
      count: to - from,
      prompt: between('prompt'),
      fresh: between('fresh'),
      freshSquares: between('freshSquares'),
      pairs: between('pairs'),
      output: between('output'),
      held: between('held'),
      promptHeld: between('promptHeld'),
    };
  }

  /** Some requests of a slice, evenly spread over its order: what percentiles of prefill are taken from. */
  sample(from: number, to: number, most = SAMPLED): readonly RequestLengths[] {
    const count = Math.min(most, to - from);
    return Array.from({ length: count }, (_, i) => this.order[from + Math.floor(((i + 0.5) * (to - from)) / count)]!);
  }
}

function totalOf({ promptTokens, outputTokens }: RequestLengths): Tokens {
  return promptTokens + outputTokens;
}
