import { BUCKETS, CHARACTERS, type GramRun } from './gram-features.js';
import { folded, type SparseVector } from './sparse-vector.js';

/** Inverse document frequencies as a file holds them: one byte a bucket, in units of `scale`. */
export interface RarityTable {
  readonly bytes: string;
  readonly scale: number;
}

/** Weighs n-grams by how rare they are (Spärck Jones, 1972), each kind to length 1 again, in as many places as a head has. */
export class Rarity {
  private readonly weights: Uint8Array;

  /** @throws RangeError when the table is not as long as the counter has buckets. */
  constructor(
    private readonly table: RarityTable,
    private readonly buckets: number,
  ) {
    this.weights = Buffer.from(table.bytes, 'base64');
    if (this.weights.length !== BUCKETS)
      throw new RangeError(`a table of ${this.weights.length} is not one of ${BUCKETS}`);
  }

  weighed({ at, values }: SparseVector): SparseVector {
    const { weights, table, buckets } = this;
    const weighed = new Float32Array(at.length);
    let [characters, words] = [0, 0];
    for (let i = 0; i < at.length; i++) {
      const value = values[i]! * weights[at[i]!]! * table.scale;
      weighed[i] = value;
      if (at[i]! < CHARACTERS) characters += value * value;
      else words += value * value;
    }
    const [ofCharacters, ofWords] = [1 / Math.sqrt(characters || 1), 1 / Math.sqrt(words || 1)];
    for (let i = 0; i < at.length; i++) weighed[i]! *= at[i]! < CHARACTERS ? ofCharacters : ofWords;
    const vector = { at, values: weighed };
    return buckets === BUCKETS ? vector : folded(vector, buckets);
  }

  /** `row · weighed(x)`, without the vector in between: what texts of any length are judged by. */
  dot(row: Int8Array, { at, values, start, words, end }: GramRun): number {
    return this.dotOf(row, at, values, start, words) + this.dotOf(row, at, values, words, end);
  }

  /** That of one kind of n-grams. */
  private dotOf(row: Int8Array, at: Uint16Array, values: Float32Array, from: number, to: number): number {
    const { weights } = this;
    const mask = this.buckets - 1;
    let [sum, square] = [0, 0];
    for (let i = from; i < to; i++) {
      const place = at[i]!;
      const value = values[i]! * weights[place]!;
      square += value * value;
      sum += value * row[place & mask]!;
    }
    return square === 0 ? 0 : sum / Math.sqrt(square);
  }
}

/** How rare n-grams are among these texts. */
export function rarityOf(texts: readonly SparseVector[]): RarityTable {
  const counts = new Float64Array(BUCKETS);
  for (const { at } of texts) for (const place of at) counts[place]!++;
  const idf = counts.map(count => Math.log((texts.length + 1) / (count + 1)));
  const scale = Number((Math.log(texts.length + 1) / 255).toPrecision(6));
  return { bytes: Buffer.from(Uint8Array.from(idf, value => Math.round(value / scale))).toString('base64'), scale };
}
