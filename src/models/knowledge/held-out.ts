import type { Chunk } from './chunks.js';

/** Sentences that are held out of each base, at most. */
const MOST_HELD = 64;
/** A shorter sentence says too little to be known by. */
const SHORTEST = 30;

/** A chunk with the place of its base. */
export interface BaseChunk extends Chunk {
  readonly base: number;
}

/** A collection without some of its sentences, and these. */
export interface HeldOut {
  readonly rest: readonly BaseChunk[];
  readonly sentences: readonly { readonly text: string; readonly base: number }[];
}

/**
 * Takes at most {@link MOST_HELD} sentences out of each base, evenly over it and at most one of a chunk, where something of the chunk remains: what is held
 * out is then said by the base no more, and still belongs to it.
 */
export function holdOut(chunks: readonly BaseChunk[]): HeldOut {
  const fit = new Map<number, { readonly at: number; readonly sentence: number }[]>();
  for (const [at, { base, heading, sentences }] of chunks.entries()) {
    const sentence =
      sentences.length > 1 || heading !== '' ? sentences.findLastIndex(one => one.length >= SHORTEST) : -1;
    if (sentence >= 0) fit.set(base, [...(fit.get(base) ?? []), { at, sentence }]);
  }
  const taken = new Map<number, number>();
  for (const found of fit.values()) {
    const step = Math.max(1, found.length / MOST_HELD);
    for (let i = 0; i < found.length; i += step) {
      const { at, sentence } = found[Math.floor(i)]!;
      taken.set(at, sentence);
    }
  }
  const held: { text: string; base: number }[] = [];
  const rest = chunks.map((chunk, at): BaseChunk => {
    const out = taken.get(at);
    if (out === undefined) return chunk;
    held.push({ text: chunk.sentences[out]!, base: chunk.base });
    return { ...chunk, sentences: chunk.sentences.filter((_, place) => place !== out) };
  });
  return { rest, sentences: held };
}
