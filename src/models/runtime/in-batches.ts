import type { Embedder, EmbedOptions } from '#contract/embedder.js';

/** Texts that one asker has in the queue at a time: the others' texts come between. */
const TOGETHER = 16;

/**
 * Vectors of any number of texts, a few at a time: one asker alone never fills the queue, which is bounded. Each text waits no longer than the
 * options say, counted from when it is asked for.
 *
 * @param each is told every vector as it comes: what came before a failure need not be computed again.
 */
export async function embedInBatches(
  embedder: Embedder,
  texts: readonly string[],
  options: EmbedOptions = {},
  each: (text: string, vector: Float32Array) => void = () => {},
): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += TOGETHER) {
    const some = texts.slice(at, at + TOGETHER);
    for (const [place, vector] of (await embedder.embed(some, options)).entries()) {
      vectors.push(vector);
      each(some[place]!, vector);
    }
  }
  return vectors;
}
