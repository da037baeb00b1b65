import { LabelBound, OTHER } from './label-bound.js';

/** Label values to one thing each, a map to the label: a look-up hashes no joined key and makes no object. */
type Branch<T> = Map<string, Branch<T> | T>;

/** One bound to a label name, shared by all metrics: a value is itself in all of them or `other` in all. */
export type LabelBounds = Map<string, LabelBound>;

/** Series that one metric may have; further combinations share the one whose labels are all `other`. */
const MAX_SERIES = 2048;

/** The series of one metric: one thing (a counter, a histogram) for each combination of label values, bounded. */
export class SeriesTree<T> {
  private readonly root: Branch<T> = new Map();
  private readonly leaves: { readonly labels: Readonly<Record<string, string>>; readonly leaf: T }[] = [];

  constructor(
    private readonly names: readonly string[],
    private readonly bounds: LabelBounds,
    private readonly make: () => T,
    private readonly max: number = MAX_SERIES,
  ) {}

  /** What belongs to these label values, in the order of the names. Only as many as there are names count. */
  of(a = '', b = '', c = '', d = ''): T {
    const depth = this.names.length;
    let found: Branch<T> | T | undefined = this.root;
    if (depth > 0) found = (found as Branch<T>).get(a);
    if (depth > 1 && found !== undefined) found = (found as Branch<T>).get(b);
    if (depth > 2 && found !== undefined) found = (found as Branch<T>).get(c);
    if (depth > 3 && found !== undefined) found = (found as Branch<T>).get(d);
    if (depth > 0 && found !== undefined) return found as T;
    return this.grow([a, b, c, d].slice(0, depth));
  }

  all(): readonly { readonly labels: Readonly<Record<string, string>>; readonly leaf: T }[] {
    return this.leaves;
  }

  private grow(values: readonly string[]): T {
    const bounded = values.map((value, i) => this.bound(this.names[i]!).of(value));
    const known = this.find(bounded);
    if (known !== undefined) return this.remember(values, bounded, known);
    if (this.leaves.length >= this.max) {
      const rest = values.map(() => OTHER);
      return this.find(rest) ?? this.add(rest);
    }
    return this.remember(values, bounded, this.add(bounded));
  }

  private bound(name: string): LabelBound {
    let bound = this.bounds.get(name);
    if (bound === undefined) {
      bound = new LabelBound();
      this.bounds.set(name, bound);
    }
    return bound;
  }

  /** An empty label is looked up by what it is called with and written as `none`: one more way to the same leaf. */
  private remember(values: readonly string[], bounded: readonly string[], leaf: T): T {
    if (values.every((value, i) => value === bounded[i] || value === '')) this.put(values, leaf);
    return leaf;
  }

  private add(values: readonly string[]): T {
    const leaf = this.make();
    this.leaves.push({ labels: Object.fromEntries(values.map((value, i) => [this.names[i]!, value])), leaf });
    this.put(values, leaf);
    return leaf;
  }

  private find(values: readonly string[]): T | undefined {
    if (values.length === 0) return this.leaves[0]?.leaf;
    let found: Branch<T> | T | undefined = this.root;
    for (const value of values) {
      if (found === undefined) return undefined;
      found = (found as Branch<T>).get(value);
    }
    return found as T | undefined;
  }

  private put(values: readonly string[], leaf: T): void {
    let branch = this.root;
    for (let i = 0; i < values.length; i++) {
      if (i === values.length - 1) {
        branch.set(values[i]!, leaf);
        return;
      }
      let next = branch.get(values[i]!) as Branch<T> | undefined;
      if (next === undefined) {
        next = new Map();
        branch.set(values[i]!, next);
      }
      branch = next;
    }
  }
}
