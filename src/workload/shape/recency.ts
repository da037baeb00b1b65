/**
 * The order of last use of many things, in which the place of each can be asked for (Mattson's stack, on a Fenwick tree as by Bennett
 * and Kruskal): O(log n) a touch or a question.
 */
export class Recency {
  private readonly marks: Int32Array;
  private readonly lastTouch = new Map<number, number>();
  private touches = 0;

  /** @param most touches that may be made at all. */
  constructor(private readonly most: number) {
    this.marks = new Int32Array(most + 1);
  }

  /** How many different things have been touched. */
  get size(): number {
    return this.lastTouch.size;
  }

  /** How many touches are left. */
  get left(): number {
    return this.most - this.touches;
  }

  /** The place of a thing by recency, 1 for the last one touched: an LRU cache of so many would hold it. Infinite if never touched. */
  rank(id: number): number {
    const at = this.lastTouch.get(id);
    return at === undefined ? Number.POSITIVE_INFINITY : this.size - this.sumBefore(at);
  }

  touch(id: number): void {
    const before = this.lastTouch.get(id);
    if (before !== undefined) this.add(before, -1);
    const at = ++this.touches;
    this.lastTouch.set(id, at);
    this.add(at, 1);
  }

  private add(at: number, change: number): void {
    for (let i = at; i <= this.most; i += i & -i) this.marks[i]! += change;
  }

  /** Things whose last touch was before `at`. */
  private sumBefore(at: number): number {
    let sum = 0;
    for (let i = at - 1; i > 0; i -= i & -i) sum += this.marks[i]!;
    return sum;
  }
}
