import type { Finder } from './finder.js';

/** Whichever of several finders finds something first; the same place counts once. */
export class FirstOf implements Finder {
  end = 0;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;

  constructor(private readonly finders: readonly Finder[]) {
    this.starts = new Int32Array(finders.length);
    this.ends = new Int32Array(finders.length);
  }

  begin(text: string): void {
    this.end = 0;
    this.starts.fill(UNKNOWN);
    for (const finder of this.finders) finder.begin(text);
  }

  next(from: number): number {
    let first = -1;
    for (let i = 0; i < this.finders.length; i++) {
      const finder = this.finders[i]!;
      if (this.starts[i] !== NONE && this.starts[i]! < from) {
        this.starts[i] = finder.next(from);
        this.ends[i] = finder.end;
      }
      if (this.starts[i] !== NONE && (first < 0 || this.starts[i]! < this.starts[first]!)) first = i;
    }
    if (first < 0) return -1;
    this.end = this.ends[first]!;
    return this.starts[first]!;
  }
}

const NONE = -1;
const UNKNOWN = -2;
