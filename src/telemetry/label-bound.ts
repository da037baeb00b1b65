/** Values one label may take before further ones are counted together. */
export const MOST_VALUES = 64;
/** What values beyond the bound are counted as. */
export const OTHER = 'other';
/** What stands where there is no value: a request that reached no model. */
export const NONE = 'none';
/** Values longer than this are cut: a label is no place for text. */
const MAX_LENGTH = 128;

/**
 * Keeps the values of one label few: the first {@link MOST_VALUES} stand for themselves, later ones are `other`. Names that callers
 * choose can therefore never make the number of series grow without end.
 */
export class LabelBound {
  private readonly known = new Set<string>();

  constructor(private readonly most = MOST_VALUES) {}

  of(value: string): string {
    if (value === '') return NONE;
    const short = value.length > MAX_LENGTH ? value.slice(0, MAX_LENGTH) : value;
    if (this.known.has(short)) return short;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(short);
    return short;
  }
}
