/** What stands for all values beyond the bound. */
export const OTHER = 'other';

/** Values longer than this are cut: a label is no place for text. */
const MAX_LENGTH = 128;

/**
 * The values that one label may take: the first `max` that are seen, then `other`. Names come from requests as well as from
 * configuration, and a metrics store pays for every combination.
 */
export class BoundedLabels {
  private readonly seen = new Set<string>();

  constructor(readonly max = 64) {}

  /** The value as it may be written; `none` for the empty one. */
  of(value: string): string {
    if (value === '') return 'none';
    const short = value.length > MAX_LENGTH ? value.slice(0, MAX_LENGTH) : value;
    if (this.seen.has(short)) return short;
    if (this.seen.size >= this.max) return OTHER;
    this.seen.add(short);
    return short;
  }
}
