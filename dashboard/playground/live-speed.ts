import { counted, duration, score } from '../format.js';

/** A rate over less than this says more about the network's buffers than about the model. */
const LEAST_SECONDS = 0.05;

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

  /** @param reported tokens of the answer as the engine reported them. */
  text(reported?: number): string {
    if (this.firstAt === undefined) return `waiting ${duration(performance.now() - this.sentAt)}`;
    const tokens = reported ?? this.pieces;
    const parts = [`first token ${duration(this.firstAt - this.sentAt)}`];
    const seconds = (this.lastAt - this.firstAt) / 1000;
    if (tokens > 1 && seconds > LEAST_SECONDS) parts.push(`${score((tokens - 1) / seconds)} tokens/s`);
    parts.push(counted(tokens, 'token'));
    return parts.join(' · ');
  }
}
