import { fileURLToPath } from 'node:url';
import type { HeadName, LearnedSettings } from '#contract/learned.js';
import { type ModelCard, readHead } from './head-file.js';

export interface KnownCard {
  readonly card?: ModelCard;
  readonly trouble?: string;
}

/** What heads say of themselves: for people to see, without loading a model. */
export class HeadCards {
  private readonly cards = new Map<string, KnownCard>();

  /** The card of a head; why there is none, where it cannot be read. Read once a file. */
  of(name: HeadName, { heads }: LearnedSettings): KnownCard {
    const file = heads[name] ?? headFile(name);
    const known = this.cards.get(file) ?? cardIn(file);
    this.cards.set(file, known);
    return known;
  }
}

function cardIn(file: string): KnownCard {
  try {
    const { card } = readHead(file);
    return card === undefined ? {} : { card };
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** The head that comes with Weir. */
export function headFile(name: string): string {
  return fileURLToPath(new URL(`../../../assets/heads/${name}.json`, import.meta.url));
}
