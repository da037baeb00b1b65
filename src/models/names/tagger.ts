import { BUCKETS, featuresOf, MOST_FEATURES } from './features.js';
import type { Gazetteer } from './gazetteer.js';
import { type Word, wordsOf } from './words.js';

/** What is found: names of people, of places, of organisations, and the lines of postal addresses. */
export const NAME_KINDS = ['person', 'place', 'organization', 'address'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/** Tag 0 is none; 2k+1 begins the kind k, 2k+2 goes on with it. */
export const TAGS = 1 + 2 * NAME_KINDS.length;

export interface NameSpan {
  readonly kind: NameKind;
  readonly start: number;
  readonly end: number;
}

/** Weights of a tagger: per bucket one row of {@link TAGS}, then the transitions from tag to tag. */
export type Weights = Float32Array;

export const WEIGHTS = BUCKETS * TAGS + TAGS * TAGS;

/** Words that are looked at together; a longer text is cut at ends of lines or sentences. */
const MOST_WORDS = 400;

/**
 * Finds names by a linear-chain model over word features: Viterbi over begin/inside tags, weights learnt by an averaged structured
 * perceptron (Collins, 2002). Time is linear in the text.
 */
export class NameTagger {
  constructor(
    private readonly weights: Weights,
    private readonly lists: Gazetteer,
  ) {}

  find(text: string): NameSpan[] {
    const spans: NameSpan[] = [];
    for (const words of piecesOf(wordsOf(text))) {
      spans.push(...spansOf(words, bestTags(featuresOf(words, this.lists), words.length, this.weights)));
    }
    return spans;
  }
}

function piecesOf(words: readonly Word[]): readonly (readonly Word[])[] {
  if (words.length <= MOST_WORDS) return words.length === 0 ? [] : [words];
  const pieces: Word[][] = [];
  let from = 0;
  while (from < words.length) {
    let to = Math.min(from + MOST_WORDS, words.length);
    for (let at = to; to < words.length && at > from + MOST_WORDS / 2; at--) {
      if (words[at]!.newLine || /^[.!?]$/.test(words[at - 1]!.text)) {
        to = at;
        break;
      }
    }
    pieces.push(words.slice(from, to));
    from = to;
  }
  return pieces;
}

/** The likeliest sequence of tags (Viterbi). */
export function bestTags(features: Int32Array, length: number, weights: Weights): Uint8Array {
  const scores = new Float64Array(TAGS);
  let best = new Float64Array(TAGS);
  let next = new Float64Array(TAGS);
  const back = new Uint8Array(length * TAGS);
  const transitions = BUCKETS * TAGS;
  for (let at = 0; at < length; at++) {
    scores.fill(0);
    for (let f = at * MOST_FEATURES; f < (at + 1) * MOST_FEATURES; f++) {
      const bucket = features[f]!;
      if (bucket < 0) break;
      const row = bucket * TAGS;
      for (let tag = 0; tag < TAGS; tag++) scores[tag]! += weights[row + tag]!;
    }
    for (let tag = 0; tag < TAGS; tag++) {
      let top = Number.NEGATIVE_INFINITY;
      let from = 0;
      for (let last = 0; last < TAGS; last++) {
        if (at === 0 && last !== 0) break;
        if (!mayFollow(last, tag)) continue;
        const score = best[last]! + weights[transitions + last * TAGS + tag]!;
        if (score > top) {
          top = score;
          from = last;
        }
      }
      next[tag] = top + scores[tag]!;
      back[at * TAGS + tag] = from;
    }
    [best, next] = [next, best];
  }
  const tags = new Uint8Array(length);
  let tag = 0;
  for (let one = 1; one < TAGS; one++) if (best[one]! > best[tag]!) tag = one;
  for (let at = length - 1; at >= 0; at--) {
    tags[at] = tag;
    tag = back[at * TAGS + tag]!;
  }
  return tags;
}

/** Only what has begun can go on. */
function mayFollow(last: number, tag: number): boolean {
  if (tag === 0 || tag % 2 === 1) return true;
  return last === tag || last === tag - 1;
}

/** Signs that formulas and code have, and names have not. */
const IMPOSSIBLE = /[\\${}%°^=<>|~*_[\]]/;

function spansOf(words: readonly Word[], tags: Uint8Array): NameSpan[] {
  const spans: NameSpan[] = [];
  for (let at = 0; at < words.length; at++) {
    const tag = tags[at]!;
    if (tag === 0 || tag % 2 === 0) continue;
    let last = at;
    while (tags[last + 1] === tag + 1) last++;
    const span = { kind: NAME_KINDS[(tag - 1) / 2]!, start: words[at]!.start, end: words[last]!.end };
    if (words.slice(at, last + 1).every(({ text }) => !IMPOSSIBLE.test(text))) spans.push(span);
    at = last;
  }
  return spans;
}
