import type { Bytes, Milliseconds, Tokens } from '#contract/units.js';

/** What an iteration costs, in the terms of a roofline. All per GPU of the tensor-parallel group. */
export interface IterationCost {
  /** Paid by every iteration: scheduler, sampler, kernel launches. */
  readonly overheadMs: Milliseconds;
  /** All-reduces of a tensor-parallel group: their latency, and what each token adds. */
  readonly exchangeMs: Milliseconds;
  readonly exchangeMsPerToken: Milliseconds;
  /** Weights read whatever the batch. */
  readonly weightBytes: Bytes;
  /** Routed experts' weights, and the share of them that one token is routed to. */
  readonly expertBytes: Bytes;
  readonly expertShare: number;
  readonly kvBytesPerToken: Bytes;
  readonly linearFlopsPerToken: number;
  readonly headFlopsPerSample: number;
  readonly attentionFlopsPerPair: number;
  /** What is reached, not the data sheet's peak: operations a second in the layers, at 16 bits (attention, output head), and bytes a second. */
  readonly flops: number;
  readonly flops16: number;
  readonly bandwidth: number;
}

/** What an iteration does. */
export interface IterationWork {
  /** Tokens that pass through the layers: one for each decode, and the prefill chunks. */
  tokens: Tokens;
  /** Tokens that are sampled: decodes, and prompts that end in this iteration. */
  sampled: number;
  /** Sum over query tokens of the key tokens each attends to. */
  attentionPairs: number;
  /** KV tokens read: each sequence's context once. */
  kvTokens: Tokens;
}

/**
 * How long an iteration takes, in ms:
 *
 *     overhead + exchange
 *     + max(linear operations / flops, weights read / bandwidth)
 *     + max(attention operations / flops, KV read / bandwidth)
 *
 * Matrix products and attention are different kernels that run one after another, so each has its own roofline; one maximum over
 * the sums would let a prefill's arithmetic hide the decodes' KV reads, which no engine does. Of `E` routed experts a batch of
 * `t` tokens touches 1 − (1 − k/E)^t when routing is even.
 */
export function iterationMs(cost: IterationCost, work: IterationWork): Milliseconds {
  const { tokens } = work;
  const weights =
    cost.expertBytes === 0
      ? cost.weightBytes
      : cost.weightBytes + cost.expertBytes * (1 - (1 - cost.expertShare) ** tokens);
  const linear = Math.max(
    (cost.linearFlopsPerToken * tokens) / cost.flops + (cost.headFlopsPerSample * work.sampled) / cost.flops16,
    weights / cost.bandwidth,
  );
  const attention = Math.max(
    (cost.attentionFlopsPerPair * work.attentionPairs) / cost.flops16,
    (cost.kvBytesPerToken * work.kvTokens) / cost.bandwidth,
  );
  return cost.overheadMs + cost.exchangeMs + cost.exchangeMsPerToken * tokens + 1000 * (linear + attention);
}
