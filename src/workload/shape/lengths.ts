import { type Distribution, distributionOf } from '#contract/distribution.js';
import { countUpTo } from '#contract/rising.js';
import type { Tokens } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** How long prompts and answers are, each and together. */
export interface LengthShape {
  readonly prompt: Distribution;
  readonly output: Distribution;
  /** Prompt and answer together: what a request holds in the KV cache at its end. */
  readonly total: Distribution & { readonly cv2: number };
  /** Share of all tokens that are output. */
  readonly outputShare: number;
  /** Spearman's rank correlation of prompt and answer: 0 when knowing one says nothing of the other. */
  readonly correlation: number;
  /** Requests by the powers of two that prompt and answer lie between. */
  readonly joint: readonly JointCell[];
  /** Share of requests whose total is at most so many tokens. */
  readonly totalCdf: readonly (readonly [tokens: Tokens, share: number])[];
}

/** Requests with a prompt of up to `prompt` tokens and an answer of up to `output`, and more than half of either. */
export interface JointCell {
  readonly prompt: Tokens;
  readonly output: Tokens;
  readonly share: number;
}

/** Context lengths at which pools are split in practice. */
const CONTEXTS: readonly Tokens[] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];

export function lengthShape(requests: readonly TraceRequest[]): LengthShape {
  const prompts = requests.map(({ promptTokens }) => promptTokens);
  const outputs = requests.map(({ outputTokens }) => outputTokens);
  const totals = requests.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens);
  const total = distributionOf(totals);
  const output = distributionOf(outputs);
  const sorted = Float64Array.from(totals).sort();
  let squares = 0;
  for (const tokens of totals) squares += (tokens - total.mean) ** 2;
  return {
    prompt: distributionOf(prompts),
    output,
    total: { ...total, cv2: total.mean > 0 ? squares / totals.length / total.mean ** 2 : 0 },
    outputShare: total.mean > 0 ? output.mean / total.mean : 0,
    correlation: rankCorrelation(prompts, outputs),
    joint: jointCells(requests),
    totalCdf: CONTEXTS.map(tokens => [tokens, shareUpTo(sorted, tokens)] as const),
  };
}

/** Share of sorted values that are at most `limit`. */
export function shareUpTo(sorted: Float64Array, limit: number): number {
  return sorted.length > 0 ? countUpTo(sorted, limit) / sorted.length : 0;
}

function jointCells(requests: readonly TraceRequest[]): readonly JointCell[] {
  const cells = new Map<number, number>();
  for (const { promptTokens, outputTokens } of requests) {
    const key = 64 * powerAbove(promptTokens) + powerAbove(outputTokens);
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  return [...cells]
    .sort(([a], [b]) => a - b)
    .map(([key, count]) => ({
      prompt: 2 ** Math.floor(key / 64),
      output: 2 ** (key % 64),
      share: count / requests.length,
    }));
}

function powerAbove(tokens: Tokens): number {
  return tokens <= 1 ? 0 : Math.ceil(Math.log2(tokens));
}

/** Spearman's ρ: Pearson's correlation of the ranks, those of equal values being their mean. 0 when one of them never changes. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const mean = (x.length + 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

function ranksOf(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}
