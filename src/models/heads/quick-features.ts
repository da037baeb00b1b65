import { GramCounter } from '#models/safety/gram-features.js';
import type { SparseVector } from '#models/safety/sparse-vector.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
import { gistOf } from './gist.js';

/** What the fast tier sees of a text. */
export interface QuickSight {
  /** None for a text without a known word. */
  readonly vector: Float32Array | undefined;
  /** Its n-grams in all the places that {@link GramCounter} hashes to. */
  readonly grams: SparseVector;
}

/** Texts remembered: all heads of a request ask for the same one. */
const MOST_KEPT = 4;

/** The features of the fast tier, computed once a text for all heads. */
export class QuickFeatures {
  private readonly counter = new GramCounter();
  private readonly kept = new Map<string, QuickSight>();

  private last = { whole: '', gist: '' };

  constructor(readonly table: StaticEmbedding) {}

  /** What topic heads read of a text: all of a short one, of a long one the sentences that say most. */
  gist(whole: string): string {
    if (whole !== this.last.whole) this.last = { whole, gist: gistOf(whole, sentence => this.table.embed(sentence)) };
    return this.last.gist;
  }

  of(text: string): QuickSight {
    const known = this.kept.get(text);
    if (known !== undefined) return known;
    const sight = new Sight(text, this.table.embed(text), this.counter);
    this.kept.set(text, sight);
    if (this.kept.size > MOST_KEPT) {
      for (const oldest of this.kept.keys()) {
        this.kept.delete(oldest);
        break;
      }
    }
    return sight;
  }
}

class Sight implements QuickSight {
  private counted: SparseVector | undefined;

  constructor(
    private readonly text: string,
    readonly vector: Float32Array | undefined,
    private readonly counter: GramCounter,
  ) {}

  get grams(): SparseVector {
    this.counted ??= this.counter.features(this.text);
    return this.counted;
  }
}
