import type { NearestExample } from '#contract/learned.js';
import type { Head } from './head-file.js';

/** The examples that a head keeps to show why it says what it says. */
export class KeptExamples {
  private readonly examples: readonly { readonly text: string; readonly label: string; readonly vector: Int8Array }[];

  constructor({ examples = [], labels }: Head) {
    this.examples = examples.map(({ text, label, vector }) => {
      const bytes = Buffer.from(vector, 'base64');
      return { text, label: labels[label] ?? '', vector: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) };
    });
  }

  /** The kept example that a vector of the model is nearest to; none where none is kept. */
  nearest(vector: Float32Array): NearestExample | undefined {
    let best: NearestExample | undefined;
    for (const { text, label, vector: kept } of this.examples) {
      let [product, square] = [0, 0];
      for (let i = 0; i < kept.length; i++) {
        product += kept[i]! * vector[i]!;
        square += kept[i]! ** 2;
      }
      const likeness = product / Math.sqrt(square);
      if (best === undefined || likeness > best.likeness) best = { text, label, likeness };
    }
    return best;
  }
}
