import { describe, expect, test } from 'vitest';
import type { Embedder } from '#contract/embedder.js';
import { LastRoutes } from '#models/routes/last-routes.js';

/** Counts the texts that it is asked for. */
function counting(): Embedder & { asked: number } {
  return {
    name: 'counting',
    dimension: 2,
    asked: 0,
    prepare: () => Promise.resolve(),
    embed(texts) {
      this.asked += texts.length;
      return Promise.resolve(texts.map(text => Float32Array.of(text.length, 1)));
    },
  };
}

describe('routes over a change of the configuration', () => {
  const examples = { refund: ['money back', 'refund please'], outage: ['it is down'] };
  const ports = (embedder: Embedder, patienceMs = 50) => ({ embedder, fast: undefined, patienceMs });

  test('that leaves them as they are are not embedded anew', async () => {
    const embedder = counting();
    const routes = new LastRoutes();
    await routes.of(examples, ports(embedder)).prepare();
    const before = embedder.asked;
    expect(before).toBeGreaterThan(3);
    await routes.of(structuredClone(examples), ports(embedder)).prepare();
    expect(embedder.asked).toBe(before);
  });

  test.each([
    ['an example is another', { ...examples, outage: ['it is up'] }, undefined, undefined],
    ['their order is another', { outage: examples.outage, refund: examples.refund }, undefined, undefined],
    ['the embedder is another', examples, counting(), undefined],
    ['the patience is another', examples, undefined, 60],
  ])('where %s they are made anew', (_, next, other, patience) => {
    const embedder = counting();
    const routes = new LastRoutes();
    const first = routes.of(examples, ports(embedder));
    expect(routes.of(next, ports(other ?? embedder, patience))).not.toBe(first);
  });
});
