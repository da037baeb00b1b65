import { count, duration } from './format.js';

/** Speed of an answer as this page sees it come in. Until the engine has counted, a piece of text counts as a token. */
export class LiveSpeed {
  private readonly sentAt = performance.now();
  private firstAt: number | undefined;
  private lastAt = this.sentAt;
  private pieces = 0;

  piece(): void {
    this.lastAt = performance.now();
    this.firstAt ??= this.lastAt;
    this.pieces++;
  }

  /** @param counted tokens of the answer as the engine reported them. */
  text(counted?: number): string {
    if (this.firstAt === undefined) return `waiting ${duration(performance.now() - this.sentAt)}`;
    const tokens = counted ?? this.pieces;
    const parts = [`first token ${duration(this.firstAt - this.sentAt)}`];
    const seconds = (this.lastAt - this.firstAt) / 1000;
    if (tokens > 1 && seconds > 0) parts.push(`${((tokens - 1) / seconds).toPrecision(3)} tokens/s`);
    parts.push(`${count(tokens)} ${tokens === 1 ? 'token' : 'tokens'}`);
    return parts.join(' · ');
  }
}
