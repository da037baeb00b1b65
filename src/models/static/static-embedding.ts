import { createHash } from 'node:crypto';
import { readAsset } from '#models/assets.js';
import { readVocabulary } from '#models/minilm/vocabulary.js';
import { normalise } from '#models/runtime/pooling.js';
import { WordPiece } from '#models/tokenizer/wordpiece.js';

/** Pieces read of a text; what they say of it as a whole is settled by then. */
const MOST_PIECES = 2048;

/**
 * A table of word vectors whose mean stands for a text: what is left of a transformer when it is distilled into its vocabulary. It
 * knows words and no order; it takes microseconds.
 */
export class StaticEmbedding {
  /** Rows of 8-bit integers, each with its scale, in which the weight of the word is contained. */
  private readonly scales: Float32Array;
  private readonly rows: Int8Array;
  private readonly pieces: WordPiece;
  readonly name: string;

  /**
   * @param table one float32 scale a row, then the rows.
   * @param vocabulary the pieces that the rows stand for.
   */
  constructor(
    table: Uint8Array,
    vocabulary: readonly string[],
    readonly dimension: number,
  ) {
    const words = vocabulary.length;
    const scaleBytes = words * 4;
    if (table.length !== scaleBytes + words * dimension)
      throw new RangeError('the table is not as large as its vocabulary');
    // A Buffer shares the memory that it is a part of; this copy is all there is of its own.
    const own = new Uint8Array(table);
    this.scales = new Float32Array(own.buffer, 0, words);
    this.rows = new Int8Array(own.buffer, scaleBytes);
    this.pieces = new WordPiece(vocabulary);
    this.name = `static-${createHash('sha256').update(table).digest('hex').slice(0, 8)}`;
  }

  /** A vector of length 1; none for a text without a known word. */
  embed(text: string): Float32Array | undefined {
    const { dimension, rows, scales } = this;
    const sum = new Float32Array(dimension);
    let known = false;
    for (const id of this.pieces.encode(text, MOST_PIECES)) {
      const scale = scales[id]!;
      if (scale === 0) continue;
      known = true;
      const row = id * dimension;
      for (let i = 0; i < dimension; i++) sum[i]! += scale * rows[row + i]!;
    }
    if (!known) return undefined;
    normalise(sum);
    return sum;
  }
}

export const STATIC_DIMENSION = 128;

/** The table that comes with Weir. @throws WeirError `model.unavailable`. */
export function openStaticEmbedding(): StaticEmbedding {
  return new StaticEmbedding(readAsset('static/table.bin'), readVocabulary(), STATIC_DIMENSION);
}
