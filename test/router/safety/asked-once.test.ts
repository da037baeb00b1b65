import { describe, expect, test } from 'vitest';
import type { Classifier, LearnedModels, LearnedTier, SafetyHeadName, Verdict } from '#contract/learned.js';
import { seededRandom } from '#contract/random.js';
import { createRouter } from '#router/router.js';
import { AskedOnce } from '#router/safety/asked-once.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { configured, facts, message, poolOf, profile, request } from '../support.js';

const verdictOf = (tier: LearnedTier): Verdict => ({
  probabilities: Float32Array.of(0.1, 0.9),
  best: 1,
  sure: tier !== 'busy',
  tier,
});

/** Gives one verdict after another, at once or later, and counts. */
function giving(later: boolean, ...tiers: readonly LearnedTier[]) {
  const texts: string[] = [];
  const inner: Classifier = {
    labels: ['safe', 'unsafe'],
    prepare: () => Promise.resolve(),
    classify: text => {
      const verdict = verdictOf(tiers[texts.length] ?? 'fast');
      texts.push(text);
      return later ? Promise.resolve(verdict) : verdict;
    },
  };
  return { texts, once: new AskedOnce(inner) };
}

describe.each([false, true])('a classifier that is asked once, whose verdicts come later: %s', later => {
  const of = () => request({ messages: [message('user', 'x')] });
  const wait = { whenBusy: 'wait' } as const;

  test('is asked of a text once for a request, and again for another', async () => {
    const { texts, once } = giving(later);
    const [first, second] = [of(), of()];
    const same = await Promise.all([1, 2, 3].map(() => once.classify('a', { ...wait, of: first })));
    await once.classify('a', { whenBusy: 'unknown', of: first });
    expect(new Set(same).size).toBe(1);
    await once.classify('b', { ...wait, of: first });
    await once.classify('a', { ...wait, of: second });
    expect(texts).toEqual(['a', 'b', 'a']);
  });

  test('is asked each time where nobody says for which request', async () => {
    const { texts, once } = giving(later);
    await once.classify('a', wait);
    await once.classify('a', wait);
    expect(texts).toEqual(['a', 'a']);
  });

  test('is asked again where no model gave the verdict, by who waits for it as well', async () => {
    const { texts, once } = giving(later, 'busy', 'model');
    const asked = of();
    const both = await Promise.all(['unknown', 'wait'].map(() => once.classify('a', { ...wait, of: asked })));
    expect(both.map(({ tier }) => tier)).toEqual(['busy', 'model']);
    expect((await once.classify('a', { ...wait, of: asked })).tier).toBe('model');
    expect(texts).toEqual(['a', 'a']);
  });
});

test('rules, signals and the risk of a conversation ask each head of each text once', async () => {
  const asked: Record<string, string[]> = {};
  const head = (name: SafetyHeadName, labels: readonly string[]): Classifier => ({
    labels,
    prepare: () => Promise.resolve(),
    classify: text => {
      const seen = asked[name] ?? [];
      asked[name] = [...seen, text];
      const p = text.includes('bad') ? 0.95 : 0.05;
      const probabilities = Float32Array.from(labels, (_, at) => (at === 1 ? p : (1 - p) / (labels.length - 1)));
      return { probabilities, best: p > 0.5 ? 1 : 0, sure: true, tier: 'fast' };
    },
  });
  const none = (): Classifier => ({ ...head('unsafe', ['a', 'b']), classify: () => verdictOf('busy') });
  const learned: LearnedModels = {
    whenBusy: 'wait',
    head: none,
    safety: name => head(name, name === 'hazard' ? ['dfm', 'hte'] : ['safe', name]),
    own: none,
    classifier: none,
    routes: none,
    preferences: none,
    knowledge: none,
  };
  const router = createRouter(
    configured({
      safety: { rules: { jailbreak: 'log', unsafe: 'log', hazard: 'log' }, conversation: { cooler: 0.5 } },
      signals: { nasty: { unsafe: {} }, kind: { hazard: {} }, talked: { jailbreak: {} } },
      decisions: [
        { name: 'one', when: 'nasty and kind and talked', models: ['small'] },
        { name: 'other', when: 'otherwise', models: ['small'] },
      ],
    }),
    { clock: new VirtualClock(), models: [facts('small')], learned },
  );
  const messages = [message('user', 'good'), message('assistant', 'yes?'), message('user', 'bad')];
  for (let at = 0; at < 2; at++) {
    const one = request({ messages });
    const [route, board] = [router.draft(one), router.board(one, profile())];
    for (const stage of router.stages) {
      await stage.run({
        ...{ board, route, pool: poolOf(), clock: new VirtualClock(), random: seededRandom(1), sentTexts: () => [] },
      });
    }
  }
  // `hazard` is asked only where `unsafe` fires; each of two requests anew.
  for (const texts of Object.values(asked)) texts.sort();
  expect(asked).toEqual({
    jailbreak: ['bad', 'bad', 'good', 'good'],
    unsafe: ['bad', 'bad', 'good', 'good'],
    hazard: ['bad', 'bad'],
  });
});
