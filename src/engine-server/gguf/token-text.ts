import type { LlamaModel, Token } from './library.js';

/** A character of UTF-8 has at most four bytes, so at most four byte tokens make one. */
const MOST_HELD = 4;
/** Tokens before a piece that decide how it is written: whether it begins with a space. */
const BEFORE = 8;

/** Writes tokens as text one after the other, holding back those that end in the middle of a character. */
export class TokenText {
  private readonly pending: Token[] = [];
  private before: readonly Token[];

  constructor(
    private readonly model: Pick<LlamaModel, 'detokenize'>,
    prompt: readonly Token[],
  ) {
    this.before = prompt.slice(-BEFORE);
  }

  /** The text that this token completes; none while a character is not whole. */
  push(token: Token): string {
    this.pending.push(token);
    const text = this.model.detokenize(this.pending, false, this.before);
    if (text.endsWith('\ufffd') && this.pending.length < MOST_HELD) return '';
    return this.taken(text);
  }

  /** What is left when no more will come, a broken character written as U+FFFD. */
  flush(): string {
    return this.pending.length === 0 ? '' : this.taken(this.model.detokenize(this.pending, false, this.before));
  }

  private taken(text: string): string {
    this.before = [...this.before, ...this.pending].slice(-BEFORE);
    this.pending.length = 0;
    return text;
  }
}
