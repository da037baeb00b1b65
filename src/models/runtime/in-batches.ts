import type { Embedder, EmbedOptions } from '#contract/embedder.js';

/** Texts that one asker has in the queue at a time: the others' texts come between. */
export const TOGETHER = 16;

/**
 * Vectors of any number of texts, a few at a time: one asker alone never fills the queue, which is bounded. Each text waits no longer than the
 * options say, counted from when it is asked for.
 */
export async function embedInBatches(
  embedder: Embedder,
  texts: readonly string[],
  options: EmbedOptions = {},
): Promise<readonly Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += TOGETHER) {
    vectors.push(...(await embedder.embed(texts.slice(at, at + TOGETHER), options)));
  }
  return vectors;
}
