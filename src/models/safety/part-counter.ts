import { GramCounter, type GramRun } from './gram-features.js';
import { type Cut, type Part, partsOf } from './parts.js';

/** A part of a text with its n-grams. */
export interface CountedPart extends Part {
  readonly grams: GramRun;
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
  constructor(private readonly told?: (part: string) => string) {}

  of(text: string, cut: Cut): readonly CountedPart[] {
    const known = this.kept.find(one => one.cut === cut && one.text === text);
    if (known !== undefined) return known.parts;
    const parts = partsOf(text, cut).map(part => ({ start: part.start, end: part.end, grams: this.grams(text, part) }));
    if (text.length <= LONGEST_KEPT) {
      this.kept.unshift({ text, cut, parts });
      this.kept.splice(MOST_KEPT);
    }
    return parts;
  }

  /** The n-grams of one part alone. */
  grams(text: string, { start, end }: Part): GramRun {
    const { counter, told } = this;
    return told === undefined ? counter.count(text, start, end) : counter.count(told(text.slice(start, end)));
  }
}
