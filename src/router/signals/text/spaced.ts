import { SPACED } from './character-class.js';
import { WordScanner } from './word-scanner.js';

const SPACE = 32;

/** Takes a text one UTF-16 unit at a time, with where in the text it stands. */
export interface UnitSink {
  push(unit: number, offset: number): void;
}

/**
 * Reads a text as words with one space between them, before the first and behind the last. Characters of scripts without spaces
 * have none among themselves, only where something else comes between or a word of a spaced script begins.
 */
export function readSpaced(text: string, scanner: WordScanner, sink: UnitSink): void {
  let end = 0;
  let spaced = false;
  scanner.begin(text);
  while (scanner.next()) {
    const { start } = scanner;
    const isSpaced = scanner.kind === SPACED;
    if (!spaced && (isSpaced || (start > end && end > 0))) sink.push(SPACE, start);
    end = scanner.end;
    for (let at = start; at < end; at++) sink.push(text.charCodeAt(at), at);
    if (isSpaced) sink.push(SPACE, end);
    spaced = isSpaced;
  }
}

/** The whole of a text as {@link readSpaced} reads it. */
export function spacedText(text: string): string {
  const units: number[] = [];
  readSpaced(text, new WordScanner(), { push: unit => void units.push(unit) });
  return String.fromCharCode(...units);
}
