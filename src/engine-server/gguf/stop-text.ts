/**
 * Ends a stream of text at the first of several texts, which is itself left out. What could be the beginning of one is held back until
 * it is known not to be: at most as much as the longest of them.
 */
export class StopText {
  private held = '';
  private stopped = false;
  private readonly stops: readonly string[];

  constructor(stops: readonly string[]) {
    this.stops = stops.filter(stop => stop !== '');
  }

  /** Whether one of the texts has come. */
  get ended(): boolean {
    return this.stopped;
  }

  /** Takes the next piece and gives what may be passed on. */
  push(piece: string): string {
    if (this.stopped) return '';
    const text = this.held + piece;
    const found = this.stops.map(stop => text.indexOf(stop)).filter(at => at >= 0);
    if (found.length > 0) {
      this.stopped = true;
      this.held = '';
      return text.slice(0, Math.min(...found));
    }
    const kept = this.beginning(text);
    this.held = text.slice(text.length - kept);
    return text.slice(0, text.length - kept);
  }

  /** What was held back, when no more will come. */
  flush(): string {
    const rest = this.held;
    this.held = '';
    return rest;
  }

  /** Length of the longest end of `text` that is the beginning of one of the texts. */
  private beginning(text: string): number {
    let longest = 0;
    for (const stop of this.stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
