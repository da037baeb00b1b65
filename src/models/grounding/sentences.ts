/** Longest sentence: what goes on longer is cut. */
export const LONGEST_SENTENCE = 2000;

const END = /[.!?…][)"'\]”’]*(?=\s)|\n/g;

/**
 * How much of a text is whole sentences: they end in a stop with a space behind it, at a line's end, or when they get too long.
 *
 * @returns the offset behind each.
 */
export function sentenceEnds(text: string): number[] {
  const ends: number[] = [];
  let last = 0;
  for (const match of text.matchAll(END)) {
    const end = match.index + match[0].length;
    last = cutLong(last, end, ends);
    ends.push(end);
    last = end;
  }
  cutLong(last, text.length, ends);
  return ends;
}

function cutLong(from: number, to: number, ends: number[]): number {
  let at = from;
  while (to - at > LONGEST_SENTENCE) {
    at += LONGEST_SENTENCE;
    ends.push(at);
  }
  return at;
}

/** The sentences of a text, without those that are but signs or spaces. */
export function sentencesOf(text: string, most: number): string[] {
  const sentences: string[] = [];
  let from = 0;
  for (const end of [...sentenceEnds(text), text.length]) {
    const sentence = text.slice(from, end).trim();
    from = end;
    if (sentence.length > 3) sentences.push(sentence);
    if (sentences.length >= most) break;
  }
  return sentences;
}
