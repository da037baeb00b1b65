import { GramCounter } from './gram-features.js';
import { type Cut, type Part, partsOf } from './parts.js';
import type { SparseVector } from './sparse-vector.js';

/** A part of a text with its n-grams. */
export interface CountedPart extends Part {
  readonly grams: SparseVector;
}

interface Counted {
  readonly text: string;
  readonly cut: Cut;
  readonly parts: readonly CountedPart[];
}

/** Texts remembered, the latest: all heads of a request read the same ones, and what is hidden in them. */
const MOST_KEPT = 6;
/** A longer text is counted anew by each head: its n-grams would take more than 2 MB. */
const LONGEST_KEPT = 65_536;

/** Cuts texts up and counts the n-grams of each part, once for all heads. */
export class PartCounter {
  private readonly counter = new GramCounter();
  private readonly kept: Counted[] = [];

  /** @param told what is counted of a part instead of its words as they stand. */
  constructor(private readonly told: (part: string) => string = part => part) {}

  of(text: string, cut: Cut): readonly CountedPart[] {
    const known = this.kept.find(one => one.cut === cut && one.text === text);
    if (known !== undefined) return known.parts;
    const parts = partsOf(text, cut).map(part => ({ ...part, grams: this.grams(text, part) }));
    if (text.length <= LONGEST_KEPT) {
      this.kept.unshift({ text, cut, parts });
      this.kept.splice(MOST_KEPT);
    }
    return parts;
  }

  /** The n-grams of one part alone. */
  grams(text: string, { start, end }: Part): SparseVector {
    return this.counter.features(this.told(text.slice(start, end)));
  }
}
