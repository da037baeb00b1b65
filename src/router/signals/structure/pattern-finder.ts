import type { Finder } from './finder.js';

/** What a pattern matches. The pattern has to be one whose work from one place is bounded, so that all of a text takes linear time. */
export class PatternFinder implements Finder {
  end = 0;
  private readonly pattern: RegExp;
  private text = '';

  constructor(source: string, flags: string) {
    this.pattern = new RegExp(source, `${flags}g`);
  }

  begin(text: string): void {
    this.text = text;
    this.end = 0;
    this.pattern.lastIndex = 0;
  }

  next(from: number): number {
    if (from > this.text.length) return -1;
    this.pattern.lastIndex = from;
    const match = this.pattern.exec(this.text);
    if (match === null) return -1;
    // What matches nothing at all still has to be got past.
    this.end = Math.max(match.index + match[0].length, match.index + 1);
    return match.index;
  }
}
