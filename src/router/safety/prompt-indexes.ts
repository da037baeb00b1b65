import { createHash } from 'node:crypto';
import { PromptRuns, wordsOf } from './prompt-runs.js';

/** System prompts shorter than this are said by chance. */
const FEWEST_WORDS = 16;
const MOST_WORDS = 20_000;
/** Words of all prompts that are kept: about 10 MB where no word comes twice. */
const ROOM = 10 * MOST_WORDS;

interface Kept {
  readonly size: number;
  readonly runs: () => PromptRuns;
}

/**
 * The indexes of the system prompts that came last: requests with one bring it every time, and indexing 20,000 words takes tens of milliseconds. Known by a
 * digest, so that no prompt is kept beside its index; the longest unused goes first.
 */
export class PromptIndexes {
  private readonly kept = new Map<string, Kept>();
  private size = 0;

  /** @returns the index, made when it is first asked for; `undefined` for a prompt too short to be told from chance. */
  of(prompt: string): (() => PromptRuns) | undefined {
    const key = createHash('sha256').update(prompt).digest('base64');
    const known = this.kept.get(key);
    if (known !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known.runs;
    }
    const words = wordsOf(prompt);
    if (words.length < FEWEST_WORDS) return undefined;
    const size = Math.min(words.length, MOST_WORDS);
    let unread: typeof words | undefined = words.slice(0, MOST_WORDS);
    let made: PromptRuns | undefined;
    const runs = () => {
      made ??= new PromptRuns(unread ?? []);
      unread = undefined;
      return made;
    };
    this.keep(key, { size, runs });
    return runs;
  }

  /** Words of the prompts that are kept. */
  get words(): number {
    return this.size;
  }

  private keep(key: string, one: Kept): void {
    this.kept.set(key, one);
    this.size += one.size;
    for (const [old, { size }] of this.kept) {
      if (this.size <= ROOM) return;
      this.kept.delete(old);
      this.size -= size;
    }
  }
}
