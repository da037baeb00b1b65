import type { Normalised, Piece } from './pieces.js';

/** Where a token stands in a text: `text.slice(start, end)`. Empty where it stands for nothing that is there. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** How far a token is looked for behind tokens that do not tell what they stand for. */
const REACH = 256;

/**
 * Finds the tokens of a text in it. One after the other they spell the text, as it was normalised; a token that does not tell what it stands for,
 * as one for an unknown word, has what lies between its neighbours. Places are in order and do not overlap, but that tokens that share a
 * character each have all of it. Linear in the text.
 */
export function placesOf(pieces: readonly Piece[], text: string, { units, starts, ends }: Normalised): Place[] {
  const places = new Array<Place>(pieces.length);
  let at = 0;
  let unsaid = 0;
  const settle = (upTo: number, end: number): void => {
    const place = end > at ? { start: starts[at]!, end: ends[end - 1]! } : emptyAt(starts[at] ?? text.length);
    for (; unsaid < upTo; unsaid++) places[unsaid] = place;
    at = end;
  };
  const beginsWord = (unit: number): boolean =>
    unit === 0 || starts[unit]! > ends[unit - 1]! || !joined(text, starts[unit]!);
  for (const [index, { surface, begins }] of pieces.entries()) {
    if (surface === undefined) continue;
    if (surface === '') {
      if (unsaid < index) continue;
      places[index] = emptyAt(starts[at] ?? text.length);
      unsaid = index + 1;
      continue;
    }
    const found = units.startsWith(surface, at) && unsaid === index ? at : seek(surface, begins, index);
    if (found < 0) continue;
    if (unsaid < index) settle(index, found);
    at = found + surface.length;
    places[index] = { start: starts[found]!, end: ends[at - 1]! };
    unsaid = index + 1;
  }
  settle(pieces.length, units.length);
  return places;

  /** Behind what is not told yet: an unknown word is one unit at the least. */
  function seek(surface: string, begins: boolean, index: number): number {
    const window = units.slice(at, at + REACH + surface.length);
    const least = pieces.slice(unsaid, index).some(piece => piece.surface === undefined) ? 1 : 0;
    let found = window.indexOf(surface, least);
    while (found >= 0 && begins && !beginsWord(at + found)) found = window.indexOf(surface, found + 1);
    return found < 0 ? -1 : at + found;
  }
}

function emptyAt(start: number): Place {
  return { start, end: start };
}

/** What words are made of, but for scripts that put no blanks between them. */
const IN_WORDS = /[\p{L}\p{M}\p{N}]/u;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** Whether what stands before and behind a place is of one word. */
export function joined(text: string, at: number): boolean {
  const before = characterBefore(text, at);
  const behind = String.fromCodePoint(text.codePointAt(at) ?? 32);
  return [before, behind].every(one => IN_WORDS.test(one) && !UNSPACED.test(one));
}

function characterBefore(text: string, at: number): string {
  const last = text.charCodeAt(at - 1);
  const low = last >= 0xdc00 && last <= 0xdfff;
  return at < 1 ? ' ' : text.slice(low && at > 1 ? at - 2 : at - 1, at);
}
