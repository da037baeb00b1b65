import { dot, normalise } from '#models/runtime/pooling.js';

/** A text up to this is read whole: about 256 tokens. */
const SHORT = 1024;
/** Characters that the gist of a longer one has at most: about 80 tokens. */
const MOST_CHARS = 360;
/** Sentences that are looked at, evenly over the text; a longer one is cut. */
const MOST_SENTENCES = 256;
const LONGEST_SENTENCE = 240;
/** How much it counts to stand first or last (position, as in extractive summaries), beside how near a sentence is to what all say. */
const EDGE = 0.35;
/** More than any sentence between can have. */
const FIRST = 2;
const SENTENCE = /[^.!?\n]+[.!?]*/g;

/**
 * The sentences of a long text that say most of what it is about, in their order: the first, the last, and those nearest to the mean of all
 * (Radev et al., 2004), with favour to where they stand. Time is linear in the text and bounded by the number of sentences.
 *
 * @param most characters of a long text's gist.
 */
export function gistOf(text: string, embed: (sentence: string) => Float32Array | undefined, most = MOST_CHARS): string {
  if (text.length <= SHORT) return text;
  const all = sentencesOf(text);
  const step = Math.max(1, all.length / MOST_SENTENCES);
  const sentences = Array.from(
    { length: Math.min(all.length, MOST_SENTENCES) },
    (_, at) => all[Math.floor(at * step)]!,
  );
  // The last is never left out by the stride.
  sentences[sentences.length - 1] = all[all.length - 1]!;
  const vectors = sentences.map(embed);
  const centre = new Float32Array(vectors.find(vector => vector !== undefined)?.length ?? 0);
  for (const vector of vectors)
    if (vector !== undefined) for (let i = 0; i < centre.length; i++) centre[i]! += vector[i]!;
  if (centre.length > 0) normalise(centre);
  const end = Math.max(1, sentences.length - 1);
  const ranked = sentences
    .map((sentence, at) => {
      const vector = vectors[at];
      // A request stands first or last more often than not.
      if (at === 0 || at === end) return { sentence, at, score: FIRST };
      const edge = 1 - Math.sin((Math.PI * at) / end);
      return { sentence, at, score: (vector === undefined ? 0 : dot(vector, centre)) + EDGE * edge };
    })
    .sort((a, b) => b.score - a.score);
  let room = most;
  // What is least like the rest does not fill what room is left.
  const chosen = ranked.slice(0, Math.ceil((ranked.length + 1) / 2)).filter(({ sentence }) => {
    if (sentence.length > room) return false;
    room -= sentence.length + 1;
    return true;
  });
  return chosen
    .sort((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence)
    .join(' ');
}

function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const [found] of text.matchAll(SENTENCE)) {
    const sentence = found.trim();
    for (let at = 0; at < sentence.length; at += LONGEST_SENTENCE)
      sentences.push(sentence.slice(at, at + LONGEST_SENTENCE));
  }
  return sentences.length === 0 ? [text.slice(0, LONGEST_SENTENCE)] : sentences;
}
