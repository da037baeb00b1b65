/** A piece of a text that is judged by itself: `text.slice(start, end)`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** How a text is cut up: a text that says one thing as a whole, or one in which a single sentence may be of another's making. */
export type Cut = 'windows' | 'sentences';

/** Characters up to which a text is no long one. */
export const LONG = 2048;
const WINDOW = 768;
const STRIDE = 576;
const SHORTEST_SENTENCE = 16;
const LONGEST_SENTENCE = 400;

/** All of a text, in pieces: every character is in one at least. Time is linear in the length. */
export function partsOf(text: string, cut: Cut): readonly Part[] {
  return cut === 'windows' ? windowsOf(text) : sentencesOf(text);
}

/** One piece up to 2,048 characters; of a longer text windows of 768 that overlap by a quarter. */
function windowsOf({ length }: string): Part[] {
  if (length <= LONG) return [{ start: 0, end: length }];
  const parts: Part[] = [];
  for (let start = 0; ; start += STRIDE) {
    const end = Math.min(length, start + WINDOW);
    parts.push({ start, end });
    if (end === length) return parts;
  }
}

/**
 * Sentences, cells, list items and the values of JSON and HTML, without empty space around them; those of fewer than 16 characters go with
 * the next. None is longer than 400 characters.
 */
function sentencesOf(text: string): Part[] {
  const parts: Part[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (i + 1 - start < LONGEST_SENTENCE && !(i + 1 - start >= SHORTEST_SENTENCE && isEnd(text, i))) continue;
    push(parts, text, start, i + 1);
    start = i + 1;
  }
  push(parts, text, start, text.length);
  return parts;
}

function push(parts: Part[], text: string, from: number, to: number): void {
  let [start, end] = [from, to];
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  if (end > start) parts.push({ start, end });
}

/** Whether a sentence or its like ends with the character at `i`. */
function isEnd(text: string, i: number): boolean {
  const next = text[i + 1];
  switch (text[i]) {
    case '\n':
    case '\r':
    case '>':
    case '。':
    case '！':
    case '？':
      return true;
    case '.':
    case '!':
    case '?':
      return next === undefined || next === ' ' || next === '\n' || next === '"' || next === '<' || next === '\\';
    case '"':
      return next === ',' || next === '}' || next === ']' || next === ':';
    default:
      return next === '<';
  }
}
