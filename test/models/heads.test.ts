import { describe, expect, test } from 'vitest';
import { HEADS } from '#contract/learned.js';
import { Cascade } from '#models/heads/cascade.js';
import { headFile } from '#models/heads/head-cards.js';
import { readHead } from '#models/heads/head-file.js';
import { QuickFeatures } from '#models/heads/quick-features.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';
import { SIGNAL_TYPES } from '#router/signals/registry.js';

const broken = {
  name: 'all-MiniLM-L6-v2',
  dimension: 384,
  prepare: () => Promise.resolve(),
  embed: () => Promise.reject(new Error('no model here')),
};
const fast = new QuickFeatures(openStaticEmbedding());

describe('the topic heads that come with Weir', () => {
  test.each(HEADS)('%s has a card with held-out figures, and the labels that its signal knows', name => {
    const { card, kind, labels } = readHead(headFile(name));
    expect(kind).toBe(name);
    for (const tiers of Object.values(card?.results ?? {})) {
      expect(Object.keys(tiers).sort()).toEqual(['cascade', 'fast', 'model']);
      expect(tiers.cascade?.interval[0]).toBeLessThan(tiers.cascade?.accuracy ?? 0);
      expect(tiers.cascade?.escalated).toBeGreaterThan(0);
    }
    expect(Object.keys(card?.results ?? {}).length).toBeGreaterThan(0);
    expect(Object.keys(card?.labels ?? {}).sort()).toEqual([...labels].sort());
    expect(card?.failures.length).toBeGreaterThan(1);
    expect([...labels].sort()).toEqual([...(SIGNAL_TYPES.find(({ type }) => type === name)?.labels ?? [])].sort());
  });

  test.each([
    ['image', 'Please design a logo for our brewery'],
    ['audio', 'Compose a slow waltz for accordion'],
    ['video', 'Make a short clip of a cat chasing a ball'],
    ['text', 'How do I edit a video in Blender?'],
    ['text', 'Write the lyrics of a song about autumn'],
    ['text', 'Draft an email to my landlord about the heating'],
  ])('modality: the fast tier alone tells that %s is wanted by %j', async (label, prompt) => {
    const head = new Cascade(readHead(headFile('modality')), { embedder: broken, fast, patienceMs: 0 });
    const { best, probabilities } = await head.classify(prompt, { whenBusy: 'fast' });
    expect(head.labels[best]).toBe(label);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  });
});
