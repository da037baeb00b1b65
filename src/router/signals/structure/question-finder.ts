import type { Finder } from './finder.js';
import { CLOSING, isSpaceOrEnd, runEnd } from './sentence-finder.js';

const QUESTION_MARKS = '?!\u037e？！؟';
/** Marks of scripts that put no space behind them. */
const UNSPACED_MARKS = '？؟';

/** Questions by their marks, of which a run is one. `?` in a URL is none: white space or the end of the text has to follow. */
export class QuestionFinder implements Finder {
  end = 0;
  private text = '';

  begin(text: string): void {
    this.text = text;
    this.end = 0;
  }

  next(from: number): number {
    const { text } = this;
    for (let at = from; at < text.length; at++) {
      if (!QUESTION_MARKS.includes(text.charAt(at))) continue;
      const marks = runEnd(text, at, QUESTION_MARKS);
      const run = text.slice(at, marks);
      const asks = /[?\u037e？؟]/.test(run);
      const wide = [...UNSPACED_MARKS].some(mark => run.includes(mark));
      if (asks && (wide || isSpaceOrEnd(text, runEnd(text, marks, CLOSING)))) {
        this.end = marks;
        return at;
      }
      at = marks - 1;
    }
    return -1;
  }
}
