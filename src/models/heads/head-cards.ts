import { fileURLToPath } from 'node:url';
import type { HeadName, LearnedSettings } from '#contract/learned.js';
import { type ModelCard, readHeadOf } from './head-file.js';

export interface KnownCard {
  readonly card?: ModelCard;
  readonly trouble?: string;
}

/** What heads say of themselves: for people to see, without loading a model. */
export class HeadCards {
  private readonly cards = new Map<string, KnownCard>();

  /** The card of a head; why there is none, where it cannot be read. Read once a file until {@link forget}. */
  of(name: HeadName, { heads }: LearnedSettings): KnownCard {
    const file = heads[name] ?? headFile(name);
    const key = `${name} ${file}`;
    const known = this.cards.get(key) ?? cardIn(file, name);
    this.cards.set(key, known);
    return known;
  }

  /** Files may be others than they were: a configuration that comes into force reads its heads anew. */
  forget(): void {
    this.cards.clear();
  }
}

function cardIn(file: string, name: HeadName): KnownCard {
  try {
    const { card } = readHeadOf(file, name);
    return card === undefined ? {} : { card };
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** The head that comes with Weir. */
export function headFile(name: string): string {
  return fileURLToPath(new URL(`../../../assets/heads/${name}.json`, import.meta.url));
}
