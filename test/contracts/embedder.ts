import { expect, test } from 'vitest';
import type { Embedder } from '#contract/embedder.js';

const TEXTS = [
  'How do I reset my password?',
  'I forgot my login, how can I recover the account?',
  'Two cups of flour and an egg.',
];

/** What holds of every embedder. */
export function embedderContract(name: string, make: () => Embedder | Promise<Embedder>): void {
  test(`${name}: one vector of length 1 a text, in the order of the texts`, async () => {
    const embedder = await make();
    await embedder.prepare();
    const vectors = await embedder.embed(TEXTS);
    expect(vectors).toHaveLength(TEXTS.length);
    for (const vector of vectors) {
      expect(vector).toHaveLength(embedder.dimension);
      expect(cosine(vector, vector)).toBeCloseTo(1, 4);
    }
    const reversed = await embedder.embed([...TEXTS].reverse());
    for (const [at, vector] of vectors.entries())
      expect(cosine(vector, reversed[TEXTS.length - 1 - at]!)).toBeCloseTo(1, 4);
  });

  test(`${name}: a text has the same vector whatever stands beside it`, async () => {
    const alone = await (await make()).embed([TEXTS[0]!]);
    const beside = await (await make()).embed([...TEXTS.slice(1), TEXTS[0]!, 'x '.repeat(300)]);
    expect(cosine(alone[0]!, beside[2]!)).toBeCloseTo(1, 4);
  });

  test(`${name}: what is alike is nearer than what is not`, async () => {
    const [one, like, other] = await (await make()).embed(TEXTS);
    expect(cosine(one!, like!)).toBeGreaterThan(cosine(one!, other!));
  });

  test(`${name}: any text has a vector of finite numbers`, async () => {
    const embedder = await make();
    const odd = ['', ' ', '\u0000\ud800', '学校に行く', '🦆'.repeat(50), 'a'.repeat(20_000), '\n\n\t'];
    for (const vector of await embedder.embed(odd)) expect(vector.every(Number.isFinite)).toBe(true);
    expect(await embedder.embed([])).toEqual([]);
  });
}

export function cosine(a: Float32Array, b: Float32Array): number {
  let [product, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    first += a[i]! ** 2;
    second += b[i]! ** 2;
  }
  return product / Math.sqrt(first * second);
}
