/** Values one label may take before further ones are counted together. */
export const MOST_VALUES = 64;
/** What values beyond the bound are counted as. */
export const OTHER = 'other';

/**
 * Keeps the values of one label few: the first {@link MOST_VALUES} stand for themselves, later ones are `other`. Names that callers
 * choose can therefore never make the number of series grow without end.
 */
export class LabelBound {
  private readonly known = new Set<string>();

  constructor(private readonly most = MOST_VALUES) {}

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(value);
    return value;
  }
}
