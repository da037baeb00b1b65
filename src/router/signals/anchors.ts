/** Shortest anchor worth scanning for: with shorter ones the scan would stop at every other character. */
const MIN_ANCHOR = 3;
const BLOCKS = 4096;
const ASCII_RUN = /[\x21-\x7e]+/g;

/** Texts are scanned from here: reading bytes takes a third of the time of reading characters of a string. */
const SCRATCH_BYTES = 65_536;
const bytes = new Uint8Array(SCRATCH_BYTES);
const scratch = Buffer.from(bytes.buffer);

/**
 * A quick no: whether any of some terms can stand in a text at all, ASCII letters taken for the same in both cases. Of each term its
 * longest run of ASCII without blanks, the anchor, is looked for, all at once, after Wu and Manber (1994): two characters tell how
 * far the next anchor is at least, so most of a text is never looked at. A yes is only a maybe.
 */
export class Anchors {
  private readonly shifts = new Uint8Array(BLOCKS);
  private readonly shortest: number;
  /** Anchors by the block that stands at the end of their first {@link shortest} characters. */
  private readonly ending: readonly (readonly string[] | undefined)[];
  /** Two characters beyond ASCII are the same as ASCII letters where case does not matter: ſ and the sign of the kelvin. */
  private readonly oddCases: boolean;

  private constructor(anchors: readonly string[]) {
    this.shortest = Math.min(255, ...anchors.map(({ length }) => length));
    this.oddCases = anchors.some(anchor => /[sk]/.test(anchor));
    const { shifts, shortest } = this;
    shifts.fill(shortest - 1);
    const ending: (string[] | undefined)[] = new Array(BLOCKS).fill(undefined);
    for (const anchor of anchors) {
      for (let end = 1; end < shortest; end++) {
        const block = blockOf(anchor.charCodeAt(end - 1), anchor.charCodeAt(end));
        shifts[block] = Math.min(shifts[block]!, shortest - 1 - end);
        if (end < shortest - 1) continue;
        const others = ending[block] ?? [];
        ending[block] = [...others, anchor];
      }
    }
    this.ending = ending;
  }

  /** `undefined` when a term has no anchor long enough. */
  static of(terms: readonly string[]): Anchors | undefined {
    const anchors = terms.map(term => longest(term.match(ASCII_RUN) ?? []).toLowerCase());
    return anchors.length > 0 && anchors.every(({ length }) => length >= MIN_ANCHOR) ? new Anchors(anchors) : undefined;
  }

  /**
   * @param text decoded text, or its UTF-8 bytes, one character each: ASCII is the same in both. Of other characters the lower byte
   * is looked at, which can only make a yes of a no.
   */
  mayStandIn(text: string): boolean {
    const { length } = text;
    if (length > SCRATCH_BYTES) return true;
    const { shifts, shortest, ending } = this;
    scratch.write(text, 0, 'latin1');
    let at = shortest - 1;
    while (at < length) {
      const block = blockOf(bytes[at - 1]!, bytes[at]!);
      const shift = shifts[block]!;
      if (shift > 0) at += shift;
      else {
        for (const anchor of ending[block] ?? []) if (standsAt(at - shortest + 1, length, anchor)) return true;
        at++;
      }
    }
    return this.oddCases && hasOddCases(text);
  }
}

function longest(runs: readonly string[]): string {
  return runs.reduce((best, run) => (run.length > best.length ? run : best), '');
}

/** Characters that differ in bit 5 alone are taken for the same: letters in both cases, and some signs that are no matter here. */
function blockOf(first: number, second: number): number {
  return (((first | 32) * 31) ^ (second | 32)) & (BLOCKS - 1);
}

function standsAt(start: number, length: number, anchor: string): boolean {
  if (start + anchor.length > length) return false;
  for (let i = 0; i < anchor.length; i++) {
    if ((bytes[start + i]! | 32) !== (anchor.charCodeAt(i) | 32)) return false;
  }
  return true;
}

/** As decoded characters or as their bytes in UTF-8. */
function hasOddCases(text: string): boolean {
  return (
    text.includes('\u017f') || text.includes('\u212a') || text.includes('\xc5\xbf') || text.includes('\xe2\x84\xaa')
  );
}
