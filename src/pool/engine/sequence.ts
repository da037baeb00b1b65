import type { PromptPrefix } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';
import type { CacheEntry } from './block-pool.js';
import type { EngineRequest, RetainedRange } from './engine.js';

/**
 * One sequence on its way through the engine. While it decodes, what it has produced and holds is kept as a difference to the
 * engine's count of decode iterations, in which all decoding sequences advance together: so one more iteration touches no sequence.
 */
export class Sequence {
  readonly id: number;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly prefix: PromptPrefix;
  readonly retention: readonly RetainedRange[] | undefined;
  /** Whole prefix blocks of the prompt: those that can be cached. */
  readonly prefixBlocks: number;
  /** Prompt tokens in those. */
  readonly prefixTokens: Tokens;
  /** KV blocks that one prefix block takes. */
  readonly entryBlocks: number;

  /** Tokens whose KV came from another engine, until they are in the cache or lost by a preemption. */
  received: Tokens;

  state: 'waiting' | 'prefilling' | 'decoding' | 'gone' = 'waiting';
  /** Rank of admission: the highest is preempted first. */
  admission = 0;
  /** Found in the cache at first admission; -1 before that. */
  cachedTokens: Tokens = -1;
  /** Tokens whose KV is to be computed before the next token comes: the prompt, and after a preemption the answer so far. */
  target: Tokens;
  /** Tokens whose KV is computed, while prefilling. */
  computed: Tokens = 0;
  /** Output tokens produced, while not decoding. */
  produced: Tokens = 0;
  /** While decoding: produced and KV tokens less the engine's count of decode iterations. */
  producedBase = 0;
  kvBase = 0;
  /** Next block of the prefix to publish. */
  nextBlock = 0;
  /** Cached prefix blocks it references, and the KV blocks in them. */
  readonly held: CacheEntry[] = [];
  heldBlocks = 0;

  constructor(
    request: EngineRequest,
    private readonly blockTokens: Tokens,
    caching: boolean,
  ) {
    this.id = request.id;
    this.promptTokens = request.promptTokens;
    this.outputTokens = request.outputTokens;
    this.prefix = request.prefix;
    this.retention = request.retention;
    this.target = request.promptTokens;
    // The last token has to be computed to get the first output.
    this.received = Math.max(0, Math.min(request.receivedTokens ?? 0, request.promptTokens - 1));
    const size = request.prefix.blockTokens;
    const usable = caching && size >= 1 && Number.isFinite(size);
    this.prefixBlocks = usable ? Math.min(request.prefix.hashes.length, Math.floor(request.promptTokens / size)) : 0;
    this.prefixTokens = this.prefixBlocks === 0 ? 0 : Math.floor(this.prefixBlocks * size);
    this.entryBlocks = usable ? Math.ceil(size / blockTokens) : 0;
  }

  /** KV blocks that its first `tokens` tokens take: each prefix block whole ones of its own, the rest packed. */
  blocksFor(tokens: Tokens): number {
    if (tokens >= this.prefixTokens) {
      return this.prefixBlocks * this.entryBlocks + Math.ceil((tokens - this.prefixTokens) / this.blockTokens);
    }
    const size = this.prefix.blockTokens;
    const whole = Math.floor(tokens / size);
    return whole * this.entryBlocks + Math.ceil((tokens - whole * size) / this.blockTokens);
  }

  /** Prefix blocks that a cache hit may cover: never the prompt's last token, which has to be computed to get the first output. */
  get reusableBlocks(): number {
    return this.prefixBlocks === 0
      ? 0
      : Math.min(this.prefixBlocks, Math.floor((this.promptTokens - 1) / this.prefix.blockTokens));
  }
}
