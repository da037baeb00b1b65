import { describe, expect, test } from 'vitest';
import type { Embedder } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import type { Classifier } from '#contract/learned.js';
import { DescribedRoutes, type DescribedRoutesPorts } from '#models/routes/described-routes.js';
import { checkRouter } from '#router/check.js';
import { classifierContract } from '../contracts/classifier.js';
import { configured } from '../router/support.js';

const WORDS = ['code', 'bug', 'trip', 'hotel', 'soup', 'cook'];

/** A text's vector counts the words that it has. */
const byWords: Embedder = {
  name: 'words',
  dimension: WORDS.length + 1,
  prepare: () => Promise.resolve(),
  embed: texts =>
    Promise.resolve(
      texts.map(text => {
        const counts = [...WORDS.map(word => (text.includes(word) ? 1 : 0)), 0.05];
        return Float32Array.from(counts, count => count / Math.hypot(...counts));
      }),
    ),
};

const DESCRIBED = {
  review: { description: 'code with a bug', examples: [] },
  travel: { description: 'a trip and a hotel', examples: [] },
};

function routes(ports: Partial<DescribedRoutesPorts> = {}, described: typeof DESCRIBED = DESCRIBED) {
  return new DescribedRoutes(described, {
    embedder: byWords,
    examples: undefined,
    gist: text => text,
    patienceMs: 50,
    ...ports,
  });
}

const told = (text: string, ports: Partial<DescribedRoutesPorts> = {}) =>
  routes(ports).classify(text, { whenBusy: 'fast' });

describe('routes that are described', () => {
  test('a text belongs to the description that it is most like, which is the evidence', async () => {
    expect(await told('book a hotel for our trip')).toMatchObject({
      best: 1,
      sure: true,
      tier: 'model',
      nearest: { label: 'travel', text: 'travel: a trip and a hotel' },
    });
    expect(await told('is there a bug in the code')).toMatchObject({ best: 0, sure: true });
  });

  test('of what is like none nothing is said', async () => {
    const { sure, probabilities } = await told('how to cook soup');
    expect(sure).toBe(false);
    for (const p of probabilities) expect(p).toBeLessThan(0.1);
  });

  test('examples tell what a description does not', async () => {
    const examples: Classifier = {
      labels: ['travel'],
      prepare: () => Promise.resolve(),
      classify: text => ({
        probabilities: Float32Array.of(text.includes('soup') ? 0.9 : 0),
        best: 0,
        sure: true,
        tier: 'model',
      }),
    };
    const verdict = await told('how to cook soup', { examples });
    expect(verdict).toMatchObject({ best: 1, sure: true });
    expect(verdict.probabilities[1]).toBeCloseTo(0.9, 5);
  });

  test('a model that is busy, no text and no preferences: unsure, with the reason', async () => {
    const busy: Embedder = { ...byWords, embed: () => Promise.reject(new WeirError('model.busy', 'eight texts wait')) };
    expect(await told('a trip', { embedder: busy })).toMatchObject({
      best: -1,
      sure: false,
      reason: 'eight texts wait',
    });
    expect(await told('  ')).toMatchObject({ best: -1, sure: false, reason: 'no text' });
    const none = routes({}, {} as typeof DESCRIBED).classify('a trip', { whenBusy: 'wait' });
    expect(await none).toMatchObject({ best: -1, reason: expect.stringContaining('router.preferences') });
  });

  test('preferences that nobody described are a mistake of the file', () => {
    const signals = { a: { preference: 'travle' } };
    const codes = (preferences: object) =>
      checkRouter(configured({ signals, preferences }), { models: ['m'], pools: [] }).map(({ code, unknown }) => [
        code,
        unknown?.name,
      ]);
    expect(codes({})).toContainEqual(['config.missing', undefined]);
    expect(codes({ travel: { description: 'trips' } })).toContainEqual(['config.unknown_reference', 'travle']);
  });
});

classifierContract('routes that are described', fail =>
  routes(fail === undefined ? {} : { embedder: { ...byWords, embed: () => Promise.reject(fail) } }),
);
