import { joined, type Place } from '#models/tokenizer/alignment.js';
import type { Tag } from './tags.js';

/** How the tokens of a word agree on one label: each for itself, by the first, by their mean, or by the surest of them. */
export type Aggregation = 'simple' | 'first' | 'average' | 'max';

/** An entity in a text. */
export interface Entity extends Place {
  readonly type: number;
  readonly score: number;
}

/** What a word is, by probability. */
interface Word extends Place {
  readonly probabilities: Float32Array;
}

/**
 * The entities of a text, out of the probabilities of its tokens' labels: tokens become words, each word takes its likeliest label, and words
 * that go on with one another become entities. A word that goes on with what has not begun begins it, as common libraries have it.
 *
 * @param places where the tokens stand, in order; what stands nowhere has no say.
 * @param rows the probabilities of the labels, one row a token.
 * @param apart whether labels do not exclude one another; else the labels of one type add up.
 * @returns in order, none over another. The score is the mean, over its words, of how likely they are of its type.
 */
export function entitiesOf(
  text: string,
  places: readonly Place[],
  rows: readonly Float32Array[],
  tags: readonly Tag[],
  aggregation: Aggregation,
  apart: boolean,
): Entity[] {
  const entities: Entity[] = [];
  let open: { type: number; start: number; end: number; sum: number; words: number } | undefined;
  const close = (): void => {
    if (open !== undefined) {
      const { type, start, end, sum, words } = open;
      entities.push({ type, start, end, score: sum / words });
    }
    open = undefined;
  };
  for (const { start, end, probabilities } of wordsOf(text, places, rows, aggregation)) {
    const { type, opens, closes } = tags[likeliest(probabilities)]!;
    if (type < 0) {
      close();
      continue;
    }
    if (opens || open?.type !== type) close();
    open ??= { type, start, end, sum: 0, words: 0 };
    open.end = end;
    open.sum += ofType(probabilities, type, tags, apart);
    open.words++;
    if (closes) close();
  }
  close();
  return entities;
}

function wordsOf(
  text: string,
  places: readonly Place[],
  rows: readonly Float32Array[],
  aggregation: Aggregation,
): Word[] {
  const groups: { start: number; end: number; rows: Float32Array[] }[] = [];
  for (const [at, { start, end }] of places.entries()) {
    if (end === start) continue;
    const row = rows[at]!;
    const last = groups.at(-1);
    // Tokens of one character, or of one unknown stretch, are nothing apart from one another.
    const shared = last !== undefined && start < last.end;
    const goesOn = aggregation !== 'simple' && last?.end === start && joined(text, start);
    if (last === undefined || !(shared || goesOn)) groups.push({ start, end, rows: [row] });
    else {
      last.end = Math.max(last.end, end);
      last.rows.push(row);
    }
  }
  return groups.map(({ start, end, rows: own }) => ({ start, end, probabilities: agreed(own, aggregation) }));
}

function agreed(rows: readonly Float32Array[], aggregation: Aggregation): Float32Array {
  const [first] = rows;
  if (rows.length === 1 || aggregation === 'first' || aggregation === 'simple') return first!;
  if (aggregation === 'average') {
    return first!.map((_, label) => rows.reduce((sum, row) => sum + row[label]!, 0) / rows.length);
  }
  const sureness = (row: Float32Array): number => row[likeliest(row)]!;
  return rows.reduce((surest, row) => (sureness(row) > sureness(surest) ? row : surest));
}

function likeliest(probabilities: Float32Array): number {
  let best = 0;
  for (let label = 1; label < probabilities.length; label++) {
    if (probabilities[label]! > probabilities[best]!) best = label;
  }
  return best;
}

function ofType(probabilities: Float32Array, type: number, tags: readonly Tag[], apart: boolean): number {
  let score = 0;
  for (const [label, tag] of tags.entries()) {
    if (tag.type !== type) continue;
    score = apart ? Math.max(score, probabilities[label]!) : score + probabilities[label]!;
  }
  return Math.min(1, score);
}
