import { classOf, SEPARATOR, SPACED } from './text/character-class.js';
import { folded } from './text/fold.js';
import { readSpaced, type UnitSink } from './text/spaced.js';
import { WordScanner } from './text/word-scanner.js';

/** Characters of a text that are compared at most, half from its beginning and half from its end. */
export const MAX_COMPARED = 2_048;
/** Twice as many places as a text can have pairs: folding may make it three times as long. */
const PLACES = 16_384;
/** A character of a script without spaces says about as much as this many letters. */
const LETTERS_EACH = 3;

/**
 * Sørensen–Dice likeness of texts by their pairs of neighbouring letters: twice the pairs they share over all pairs they have, each as
 * often as it stands there. Words may be in another order or have an error in them and need no stem or dictionary, so that it works
 * in any language. Keeps one text and compares others with it; allocates nothing but what folding them takes.
 */
export class BigramLikeness implements UnitSink {
  /** How much the kept text says, in letters. */
  letters = 0;
  private readonly scanner = new WordScanner();
  // An open-addressing table from a pair, exactly 32 bits, to how often it stands in the kept text.
  private readonly keys = new Int32Array(PLACES);
  private readonly counts = new Uint16Array(PLACES);
  private readonly keptIn = new Uint32Array(PLACES);
  // How often the pair was met in the text compared now.
  private readonly met = new Uint16Array(PLACES);
  private readonly metIn = new Uint32Array(PLACES);
  private kept = 0;
  private comparison = 0;
  private comparing = false;
  private last = -1;
  private pairs = 0;
  private ownPairs = 0;
  private shared = 0;

  keep(text: string): void {
    this.kept++;
    this.comparing = false;
    this.letters = 0;
    this.read(text);
    this.ownPairs = this.pairs;
  }

  /** From 0, nothing in common, to 1, the same pairs as often. */
  likenessOf(text: string): number {
    this.comparison++;
    this.comparing = true;
    this.shared = 0;
    this.read(text);
    const all = this.ownPairs + this.pairs;
    return all === 0 ? 0 : (2 * this.shared) / all;
  }

  push(unit: number): void {
    if (!this.comparing) {
      const kind = classOf(unit);
      this.letters += kind === SPACED ? 1 : kind === SEPARATOR ? 0 : LETTERS_EACH;
    }
    const { last } = this;
    this.last = unit;
    if (last < 0) return;
    this.pairs++;
    const key = (last << 16) | unit;
    const place = this.placeOf(key);
    if (this.comparing) {
      if (this.keptIn[place] === this.kept) this.meet(place);
    } else if (this.keptIn[place] === this.kept) this.counts[place]!++;
    else {
      this.keptIn[place] = this.kept;
      this.keys[place] = key;
      this.counts[place] = 1;
    }
  }

  private read(text: string): void {
    this.last = -1;
    this.pairs = 0;
    readSpaced(folded(endsOf(text)), this.scanner, this);
  }

  private meet(place: number): void {
    if (this.metIn[place] !== this.comparison) {
      this.metIn[place] = this.comparison;
      this.met[place] = 0;
    }
    if (this.met[place]! >= this.counts[place]!) return;
    this.met[place]!++;
    this.shared++;
  }

  /** Where the pair is, or may be put. */
  private placeOf(key: number): number {
    let place = (Math.imul(key, 0x9e3779b1) >>> 18) & (PLACES - 1);
    while (this.keptIn[place] === this.kept && this.keys[place] !== key) place = (place + 1) & (PLACES - 1);
    return place;
  }
}

function endsOf(text: string): string {
  const half = MAX_COMPARED / 2;
  return text.length <= MAX_COMPARED ? text : `${text.slice(0, half)} ${text.slice(-half)}`;
}
