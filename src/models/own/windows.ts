/** A part of a text: `text.slice(start, end)`. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** Characters that are counted for a token: English has four, and what is written in other ways fewer. */
const CHARACTERS = 2;

/**
 * The windows of a text that a model with room for `length` tokens reads: of twice as many characters, overlapping by a quarter; at most
 * `most` of them, from the beginning on.
 */
export function windowsOf(
  { length: characters }: string,
  length: number,
  most: number,
): { readonly windows: readonly Window[]; readonly whole: boolean } {
  const size = length * CHARACTERS;
  if (characters <= size) return { windows: [{ start: 0, end: characters }], whole: true };
  const windows: Window[] = [];
  const stride = (size * 3) / 4;
  for (let start = 0; windows.length < most; start += stride) {
    const end = Math.min(characters, start + size);
    windows.push({ start, end });
    if (end === characters) return { windows, whole: true };
  }
  return { windows, whole: false };
}
