import { BUCKETS, CHARACTERS } from './gram-features.js';
import { folded, type SparseVector } from './sparse-vector.js';

/** Inverse document frequencies as a file holds them: one byte a bucket, in units of `scale`. */
export interface RarityTable {
  readonly bytes: string;
  readonly scale: number;
}

/** Weighs n-grams by how rare they are (Spärck Jones, 1972), each kind to length 1 again, in as many places as a head has. */
export class Rarity {
  private readonly weights: Uint8Array;
  private scratch = new Float32Array(4096);

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

  /** `row · weighed(x)` of each row, without the vector in between: what texts of any length are judged by. */
  dots(rows: readonly Int8Array[], { at, values }: SparseVector): Float32Array {
    const { weights, buckets } = this;
    if (this.scratch.length < at.length) this.scratch = new Float32Array(2 * at.length);
    const { scratch } = this;
    let [characters, words] = [0, 0];
    for (let i = 0; i < at.length; i++) {
      const place = at[i]!;
      const value = values[i]! * weights[place]!;
      scratch[i] = value;
      if (place < CHARACTERS) characters += value * value;
      else words += value * value;
    }
    const [ofCharacters, ofWords] = [1 / Math.sqrt(characters || 1), 1 / Math.sqrt(words || 1)];
    const mask = buckets - 1;
    const dots = new Float32Array(rows.length);
    for (let label = 0; label < rows.length; label++) {
      const row = rows[label]!;
      let [byCharacters, byWords] = [0, 0];
      for (let i = 0; i < at.length; i++) {
        const place = at[i]!;
        const product = scratch[i]! * row[place & mask]!;
        if (place < CHARACTERS) byCharacters += product;
        else byWords += product;
      }
      dots[label] = byCharacters * ofCharacters + byWords * ofWords;
    }
    return dots;
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
