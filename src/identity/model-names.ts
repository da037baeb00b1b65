/** Bound of the answers kept per set: models come again and again, invented names must not fill memory. */
const MAX_KNOWN = 512;

/** Which models may be asked for: exact names and globs, in which `*` stands for any text. An empty list allows all. */
export class ModelNames {
  private readonly exact: ReadonlySet<string>;
  private readonly globs: readonly RegExp[];
  private readonly known = new Map<string, boolean>();
  readonly all: boolean;

  constructor(readonly patterns: readonly string[]) {
    this.all = patterns.length === 0 || patterns.includes('*');
    this.exact = new Set(patterns.filter(pattern => !pattern.includes('*')));
    this.globs = patterns.filter(pattern => pattern.includes('*')).map(glob);
  }

  allows(model: string): boolean {
    if (this.all || this.exact.has(model)) return true;
    if (this.globs.length === 0) return false;
    const before = this.known.get(model);
    if (before !== undefined) return before;
    const found = this.globs.some(pattern => pattern.test(model));
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(model, found);
    return found;
  }
}

/** Patterns are short and have at most a few stars ({@link MAX_STARS} in the form), so that matching is quick. */
function glob(pattern: string): RegExp {
  const escaped = pattern.split(/\*+/).map(text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's');
}

/** Stars that one pattern may have. */
export const MAX_STARS = 3;
