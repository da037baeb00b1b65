import type { WordIndex } from '#contract/learned.js';
import { dot } from '#models/runtime/pooling.js';

/** What the words weigh beside the meaning. Chosen before anything was measured, and not after. */
const WORDS = 0.3;

/** A chunk as it is compared: the place of its base, and its vector. */
export interface IndexedChunk {
  readonly base: number;
  readonly vector: Float32Array;
}

/** What a text scores with each base, and the chunk that it is most like. */
export interface BaseScores {
  readonly scores: Float32Array;
  /** Place of the best chunk. */
  readonly nearest: number;
  /** Its cosine. */
  readonly likeness: number;
}

/**
 * Chunks by their words and by their meaning at once: `0.3 · words + 0.7 · cosine`, where `words` is how much of what a text asks for stands in the chunk, by BM25, from 0 to 1.
 * Ranks, which searches are often fused by, would not do: of any text some chunk is the first, and whether that is near enough is what is asked.
 */
export class FusedIndex {
  /** @param chunks in the order of the texts of `words`. */
  constructor(
    private readonly chunks: readonly IndexedChunk[],
    private readonly words: WordIndex,
    private readonly bases: number,
  ) {}

  /** The best chunk's score for each base; -1 for one that has no chunk. */
  score(text: string, vector: Float32Array): BaseScores {
    const { chunks, bases } = this;
    const shared = this.words.scores(text);
    const scores = new Float32Array(bases).fill(-1);
    let [nearest, likeness, highest] = [-1, -1, Number.NEGATIVE_INFINITY];
    for (const [at, chunk] of chunks.entries()) {
      const cosine = dot(chunk.vector, vector);
      const score = WORDS * shared[at]! + (1 - WORDS) * cosine;
      if (score > scores[chunk.base]!) scores[chunk.base] = score;
      if (score > highest) [nearest, likeness, highest] = [at, cosine, score];
    }
    return { scores, nearest, likeness };
  }
}
