/** What a part is told apart by, beside its key. */
export type Field = string | number | boolean | undefined;

/** A part that many records have in common. */
export interface Part {
  a: Field;
  b: Field;
  c: Field;
  d: Field;
  e: Field;
  f: Field;
  g: Field;
  /** The batch in which it was last written, and its place among the parts of that batch. */
  batch: number;
  place: number;
}

interface Variants {
  readonly parts: Part[];
  /** The one that is replaced next. */
  oldest: number;
}

const MAX_KEYS = 512;
const MAX_VARIANTS = 4;

/**
 * Parts seen before, by a key and up to seven fields: at most 512 keys with the four newest variants of each. Comparing what most
 * often is the very same string costs a tenth of writing it again.
 */
export class PartTable {
  /** `width`: how many fields tell these parts apart. */
  constructor(private readonly width: number) {}

  private readonly keys = new Map<string, Variants>();

  /** The part with these fields; one that is new belongs to no batch. */
  of(key: string, a: Field, b?: Field, c?: Field, d?: Field, e?: Field, f?: Field, g?: Field): Part {
    let variants = this.keys.get(key);
    if (variants === undefined) {
      variants = { parts: [], oldest: 0 };
      if (this.keys.size >= MAX_KEYS) this.keys.clear();
      this.keys.set(key, variants);
    }
    const { width } = this;
    const { parts } = variants;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (part.a !== a || part.b !== b) continue;
      if (
        width <= 2 ||
        (part.c === c && part.d === d && part.e === e && (width <= 5 || (part.f === f && part.g === g)))
      ) {
        return part;
      }
    }
    if (parts.length < MAX_VARIANTS) {
      const part = { a, b, c, d, e, f, g, batch: 0, place: 0 };
      parts.push(part);
      return part;
    }
    const part = parts[variants.oldest]!;
    variants.oldest = (variants.oldest + 1) % MAX_VARIANTS;
    part.a = a;
    part.b = b;
    part.c = c;
    part.d = d;
    part.e = e;
    part.f = f;
    part.g = g;
    part.batch = 0;
    return part;
  }
}
