import { SPACED } from '#router/signals/text/character-class.js';
import { WordScanner } from '#router/signals/text/word-scanner.js';
import type { Finder } from './finder.js';

const DIGIT = /\p{Nd}/u;

/** Decimal digits of any script. */
export class DigitFinder implements Finder {
  end = 0;
  private text = '';

  begin(text: string): void {
    this.text = text;
    this.end = 0;
  }

  next(from: number): number {
    const { text } = this;
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit < 128 ? unit < 48 || unit > 57 : !DIGIT.test(text.charAt(at))) continue;
      this.end = at + 1;
      return at;
    }
    return -1;
  }
}

/** Words of at least two letters, all of them capitals. */
export class CapitalsFinder implements Finder {
  end = 0;
  private text = '';
  private readonly scanner = new WordScanner();

  begin(text: string): void {
    this.text = text;
    this.end = 0;
    this.scanner.begin(text);
  }

  next(from: number): number {
    const { scanner } = this;
    while (scanner.next()) {
      const { start, end } = scanner;
      if (start < from || scanner.kind !== SPACED || !isCapitals(this.text, start, end)) continue;
      this.end = end;
      return start;
    }
    return -1;
  }
}

function isCapitals(text: string, start: number, end: number): boolean {
  let capitals = 0;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 97 && unit <= 122) return false;
    if (unit >= 65 && unit <= 90) capitals++;
    else if (unit > 127) {
      const letter = text.charAt(at);
      if (letter !== letter.toUpperCase()) return false;
      if (letter !== letter.toLowerCase()) capitals++;
    }
  }
  return capitals >= 2;
}
