/** A word of a text, with its place. Numbers and single signs are words too. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether a line ended before it. */
  readonly newLine: boolean;
}

/** Letters with marks, joined by hyphens, apostrophes and dots inside; runs of digits; single signs. */
const WORDS = /\p{L}[\p{L}\p{M}]*(?:[-'’.](?![sS]\b)\p{L}[\p{L}\p{M}]*)*|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu;

/** The words of a text, in linear time. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let before = 0;
  for (const match of text.matchAll(WORDS)) {
    const start = match.index;
    const end = start + match[0].length;
    const gap = text.slice(before, start);
    words.push({ text: match[0], start, end, newLine: before === 0 || gap.includes('\n') });
    before = end;
  }
  return words;
}
