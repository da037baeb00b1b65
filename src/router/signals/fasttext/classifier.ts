import { FNV_BASIS, hashed } from './fnv.js';
import { type LabelTree, labelTree } from './label-tree.js';
import type { FastTextModel } from './model-file.js';
import { PlaceTable } from './place-table.js';

/** A label, and how probable it is. */
export interface LabelGuess {
  readonly label: string;
  readonly probability: number;
}

/** What fastText splits words at. */
const SPACES = /[ \n\r\t\v\f\0]+/;
const LABEL = '__label__';
/** What fastText adds before it takes a logarithm. */
const EPSILON = 1e-5;

/**
 * What a quantized fastText classifier says of one line of text: the mean of the vectors of its words and of their n-grams of characters, led
 * down the tree of labels (Joulin et al., Bag of Tricks for Efficient Text Classification, 2016). `bench/language.mjs` times it.
 */
export class FastTextClassifier {
  private readonly places: PlaceTable;
  private readonly tree: LabelTree;
  private readonly mean: Float32Array;
  private rows = 0;

  constructor(private readonly model: FastTextModel) {
    this.places = new PlaceTable(model.kept);
    this.tree = labelTree(model.labelCounts);
    this.mean = new Float32Array(model.input.width);
  }

  /** The likeliest label. */
  best(line: string): LabelGuess {
    this.mean.fill(0);
    this.rows = 0;
    for (const word of line.split(SPACES)) if (word !== '') this.addWord(word);
    this.addRow(this.model.lineEnd);
    for (let at = 0; at < this.mean.length; at++) this.mean[at] = (this.mean[at] as number) / this.rows;
    return this.descend();
  }

  private addWord(word: string): void {
    const bytes = Buffer.from(`<${word}>`);
    const row = this.model.words.rowOf(bytes, 1, bytes.length - 1);
    if (row >= 0) this.addRow(row);
    else if (word.startsWith(LABEL)) return;
    if (row !== this.model.lineEnd) this.addCharacters(bytes);
  }

  /** Each run of `shortest` to `longest` characters, told by the hash of its bytes. */
  private addCharacters(bytes: Uint8Array): void {
    const { words, shortest, longest, places } = this.model;
    for (let from = 0; from < bytes.length; from++) {
      if (continues(bytes, from)) continue;
      let hash = FNV_BASIS;
      let at = from;
      for (let characters = 1; at < bytes.length && characters <= longest; characters++) {
        do {
          hash = hashed(hash, bytes[at++] as number);
        } while (continues(bytes, at));
        if (characters < shortest || (characters === 1 && (from === 0 || at === bytes.length))) continue;
        const row = this.places.rowOf((hash >>> 0) % places);
        if (row >= 0) this.addRow(words.size + row);
      }
    }
  }

  private addRow(row: number): void {
    const { codesPerRow, stretch, codes, centroids, lengthCodes, lengths, width } = this.model.input;
    const length = lengths?.[lengthCodes?.[row] as number] ?? 1;
    const mean = this.mean;
    let to = 0;
    for (let part = 0; part < codesPerRow; part++) {
      const numbers = Math.min(stretch, width - to);
      // The last stretch may be shorter, and so are its centroids.
      let from = 256 * part * stretch + (codes[row * codesPerRow + part] as number) * numbers;
      for (let last = to + numbers; to < last; to++, from++)
        mean[to] = (mean[to] as number) + Math.fround(length * (centroids[from] as number));
    }
    this.rows++;
  }

  /** The likeliest leaf: a branch is left once it is less likely than the best leaf so far. */
  private descend(): LabelGuess {
    const { left, right, labels, root } = this.tree;
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    const nodes = [root];
    const scores = [0];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const score = scores.pop() as number;
      if (score < bestScore) continue;
      if (node < labels) {
        best = node;
        bestScore = score;
        continue;
      }
      const toRight = this.right(node - labels);
      nodes.push(right[node] as number, left[node] as number);
      scores.push(score + Math.log(toRight + EPSILON), score + Math.log(1 - toRight + EPSILON));
    }
    return { label: this.model.labels[best] as string, probability: Math.exp(bestScore) };
  }

  /** How probable it is that a node's right child is the way. */
  private right(node: number): number {
    const mean = this.mean;
    const { output } = this.model;
    let product = 0;
    for (let at = 0, from = node * mean.length; at < mean.length; at++, from++)
      product += (mean[at] as number) * (output[from] as number);
    return 1 / (1 + Math.exp(-product));
  }
}

/** Whether a byte goes on with a character of UTF-8 that began before. */
function continues(bytes: Uint8Array, at: number): boolean {
  return at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80;
}
