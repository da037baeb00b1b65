import type { KvEvent } from '#contract/kv-events.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { CacheListener, LowerTierName } from '#pool/engine/engine.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** What happened in a cache in one iteration, as an engine tells of it. */
export interface ToldBatch {
  readonly sequence: number;
  readonly at: number;
  readonly events: readonly KvEvent[];
}

/**
 * Made-up tokens for prompts of a trace that has only hashes of their blocks: as many as a prompt has, the same for the same block, and
 * zeros behind the last whole one.
 */
export function tokensOf({ promptTokens, prefix }: TraceRequest): Float64Array {
  const { hashes, blockTokens } = prefix;
  const tokens = new Float64Array(promptTokens);
  const whole = Math.min(hashes.length, Math.floor(promptTokens / blockTokens));
  for (let at = 0; at < whole; at++) tokens.set(tokensOfBlock(prefix, at), at * blockTokens);
  return tokens;
}

/** Listens to the cache of a modelled engine whose prompts are those of a trace. */
export class CacheTeller implements CacheListener {
  private events: KvEvent[] = [];
  private next = 0;
  /** Of the trace's blocks: all of its prompts are cut alike. */
  private blockTokens = 0;

  stored(prefix: PromptPrefix, index: number): void {
    const { hashes, blockTokens } = prefix;
    this.blockTokens = blockTokens;
    const parent = index === 0 ? undefined : hashes[index - 1];
    const tokens = tokensOfBlock(prefix, index);
    const place = { parent, tokens, blockTokens, salts: [], tier: 'device' } as const;
    this.events.push({ kind: 'stored', blocks: [hashes[index]!], ...place });
  }

  removed(hash: number): void {
    this.events.push({ kind: 'removed', blocks: [hash], tier: 'device' });
  }

  offloaded(hash: number, tier: LowerTierName): void {
    this.events.push({ kind: 'stored', blocks: [hash], tokens: [], blockTokens: this.blockTokens, salts: [], tier });
  }

  dropped(hash: number, tier: LowerTierName): void {
    this.events.push({ kind: 'removed', blocks: [hash], tier });
  }

  /** What happened since it was asked last; `undefined` where nothing did. */
  take(): ToldBatch | undefined {
    if (this.events.length === 0) return undefined;
    const batch = { sequence: this.next++, at: 0, events: this.events };
    this.events = [];
    return batch;
  }
}

/** A hash is below 2^53: two tokens hold it, and the others are alike. */
function tokensOfBlock({ hashes, blockTokens }: PromptPrefix, at: number): number[] {
  const tokens = new Array<number>(blockTokens).fill(0);
  const hash = hashes[at]!;
  tokens[0] = hash % HALF;
  tokens[1] = Math.floor(hash / HALF);
  return tokens;
}

const HALF = 2 ** 31;
