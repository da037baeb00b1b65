import type { Random } from '#contract/random.js';
import { BUCKETS, featuresOf, MOST_FEATURES } from './features.js';
import type { Gazetteer } from './gazetteer.js';
import { bestTags, NAME_KINDS, type NameSpan, TAGS, WEIGHTS, type Weights } from './tagger.js';
import { wordsOf } from './words.js';

export interface TaggedText {
  readonly text: string;
  readonly spans: readonly NameSpan[];
}

/** Share of the lists' words that each round of training does not see there. */
const LEFT_OUT = 0.3;

/**
 * Trains a tagger: structured perceptron, weights averaged over all updates (Collins, 2002).
 *
 * @returns the averaged weights.
 */
export function trainTagger(texts: readonly TaggedText[], lists: Gazetteer, random: Random, rounds = 6): Weights {
  const weights = new Float32Array(WEIGHTS);
  const sums = new Float64Array(WEIGHTS);
  let step = 1;
  const update = (at: number, by: number): void => {
    weights[at]! += by;
    sums[at]! += by * step;
  };
  const order = texts.map((_, at) => at);
  for (let round = 0; round < rounds; round++) {
    const salt = random.below(1 << 30);
    const seen = lists.without(word => (hashOf(word, salt) % 1000) / 1000 < LEFT_OUT);
    shuffle(order, random);
    for (const at of order) {
      const { text, spans } = texts[at]!;
      const words = wordsOf(text);
      if (words.length === 0) continue;
      const gold = tagsOf(words, spans);
      const features = featuresOf(words, seen);
      const tags = bestTags(features, words.length, weights);
      let before = 0;
      let goldBefore = 0;
      for (let i = 0; i < words.length; i++) {
        const said = tags[i]!;
        const right = gold[i]!;
        if (said !== right) {
          for (let f = i * MOST_FEATURES; f < (i + 1) * MOST_FEATURES && features[f]! >= 0; f++) {
            update(features[f]! * TAGS + right, 1);
            update(features[f]! * TAGS + said, -1);
          }
        }
        if (said !== right || before !== goldBefore) {
          update(BUCKETS * TAGS + goldBefore * TAGS + right, 1);
          update(BUCKETS * TAGS + before * TAGS + said, -1);
        }
        before = said;
        goldBefore = right;
      }
      step++;
    }
  }
  return weights.map((weight, at) => weight - sums[at]! / step);
}

/** The tags of words by the spans that they lie in. */
export function tagsOf(words: ReturnType<typeof wordsOf>, spans: readonly NameSpan[]): Uint8Array {
  const tags = new Uint8Array(words.length);
  for (const { kind, start, end } of spans) {
    const begin = 1 + 2 * NAME_KINDS.indexOf(kind);
    let first = true;
    words.forEach((word, at) => {
      if (word.start >= end || word.end <= start) return;
      tags[at] = first ? begin : begin + 1;
      first = false;
    });
  }
  return tags;
}

function shuffle(order: number[], random: Random): void {
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
}

function hashOf(word: string, salt: number): number {
  let hash = salt;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return (hash >>> 8) & 0xffff;
}
