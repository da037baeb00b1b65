import { LONGEST_WORD, type PromptRuns, RUN, type Word, wordsOf } from './prompt-runs.js';

/** Words with more characters than this between them are not in a row: what is held back for the next word must have an end. */
const WIDEST_GAP = 256;
const HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

/** A run of the prompt in a text, by its characters. */
export interface Run {
  readonly start: number;
  readonly end: number;
  /** It shares words with the run before it: both are one passage. */
  readonly goesOn: boolean;
}

type Place = Word & { readonly number: number };

/** Finds the runs of a prompt in a text that comes in pieces, the same ones however it is cut. */
export class PassageFinder {
  /** A word at the end of what came that may go on, and where it begins. */
  private open = '';
  private openAt = 0;
  /** The last words, as many as the prompt has in a row, but fewer than a run. */
  private row: Place[] = [];
  private leakedTo = 0;

  constructor(private readonly prompt: PromptRuns) {}

  /** @param last nothing more comes. @returns the runs that are whole with this piece, in order. */
  read(piece: string, last: boolean): readonly Run[] {
    const text = this.open + piece;
    const from = this.openAt;
    const end = last || !HIGH_SURROGATE.test(text) ? text.length : text.length - 1;
    const words = wordsOf(text);
    const unfinished = !last && words.at(-1)?.end === end ? words.pop() : undefined;
    const runs: Run[] = [];
    for (const { word, start, end: to } of words) {
      const run = this.next({ word, start: from + start, end: from + to });
      if (run !== undefined) runs.push(run);
    }
    const openAt = unfinished?.start ?? end;
    this.broken(from + openAt);
    this.keep(text, from, openAt);
    return runs;
  }

  /** What lies before belongs to no run that is still to be found. */
  get settledTo(): number {
    const [first] = this.row;
    return first === undefined ? this.openAt : Math.max(first.start, this.leakedTo);
  }

  private next(word: Word): Run | undefined {
    this.broken(word.start);
    const number = this.prompt.numberOf(word);
    if (number === undefined) {
      this.row = [];
      return undefined;
    }
    this.row.push({ ...word, number });
    while (!this.prompt.has(this.row)) this.row.shift();
    if (this.row.length < RUN) return undefined;
    const { start } = this.row.shift()!;
    const goesOn = start < this.leakedTo;
    this.leakedTo = word.end;
    return { start, end: word.end, goesOn };
  }

  /** The next word begins here or later. */
  private broken(at: number): void {
    const last = this.row.at(-1);
    if (last !== undefined && at - last.end > WIDEST_GAP) this.row = [];
  }

  private keep(text: string, from: number, openAt: number): void {
    let at = openAt;
    // Of a word that is longer than any is kept only that it is.
    if (text.length - at > LONGEST_WORD + 2) {
      at = text.length - LONGEST_WORD - 2;
      this.row = [];
    }
    this.open = text.slice(at);
    this.openAt = from + at;
  }
}
