import { describe, expect, test } from 'vitest';
import type { Classifier, LearnedModels, Verdict } from '#contract/learned.js';
import { DOMAINS, domain } from '#router/signals/domain.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { message, profile, request } from '../support.js';

function said(given: Partial<Verdict> & { law?: number }): Verdict {
  const { law = 0.9 } = given;
  const probabilities = Float32Array.from(DOMAINS, name => (name === 'law' ? law : (1 - law) / (DOMAINS.length - 1)));
  return { probabilities, best: DOMAINS.indexOf('law'), sure: law >= 0.4, tier: 'model', ...given };
}

function models(verdict: Verdict | Promise<Verdict>, asked: string[] = []): LearnedModels {
  const classifier: Classifier = {
    labels: DOMAINS,
    prepare: () => Promise.resolve(),
    classify: (text, { whenBusy }) => {
      asked.push(text, whenBusy);
      return verdict;
    },
  };
  return {
    head: () => classifier,
    safety: () => classifier,
    own: () => classifier,
    routes: () => classifier,
    whenBusy: 'fast',
  };
}

function value(options: unknown, learned: LearnedModels, text = 'who is liable?') {
  const built = domain.build('it', domain.schema.parse(options), { clock: new VirtualClock(), learned });
  return built.evaluate({ request: request(text), profile: profile() });
}

describe('a learned signal', () => {
  test.each([
    [0.9, 'true'],
    [0.4, 'unknown'],
    [0.1, 'false'],
  ])('law at %d is %s', (law, state) => {
    expect(value('law', models(said({ law })))).toMatchObject({ state, score: law, tier: 'model' });
  });

  test('several labels count together', () => {
    expect(value(['law', 'math'], models(said({ law: 0.48 })))).toMatchObject({
      state: 'true',
      label: 'law',
      score: 0.52,
    });
  });

  test('without a label it says which it is, and nothing when none is likely enough', () => {
    expect(value({}, models(said({})))).toMatchObject({ state: 'true', label: 'law', score: 0.9 });
    const unsure = value({}, models(said({ law: 0.2 })));
    expect(unsure).toMatchObject({ state: 'unknown', score: 0.2 });
    expect(unsure).not.toHaveProperty('label');
  });

  test('the fast tier’s word in the place of a busy model is marked as that', () => {
    const busy = said({ tier: 'busy', reason: 'eight texts wait' });
    expect(value('law', models(busy))).toMatchObject({
      state: 'true',
      tier: 'busy',
      evidence: expect.stringContaining('eight texts wait'),
    });
  });

  test('what could not be computed is unknown, with the reason', () => {
    const none: Verdict = {
      probabilities: new Float32Array(0),
      best: -1,
      sure: false,
      tier: 'busy',
      reason: 'not installed',
    };
    expect(value('law', models(none))).toEqual({ state: 'unknown', score: 0, tier: 'busy', evidence: 'not installed' });
  });

  test('waits only for what takes a model, and passes on what to do when it is busy', async () => {
    const asked: string[] = [];
    const later = value({ any: ['law'], when_busy: 'wait' }, models(Promise.resolve(said({})), asked));
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toMatchObject({ state: 'true' });
    expect(asked).toEqual(['who is liable?', 'wait']);
    expect(value('law', models(said({}), asked))).not.toBeInstanceOf(Promise);
    expect(asked.at(-1)).toBe('fast');
  });

  test('reads the last message of the user, of a long one its ends', () => {
    const asked: string[] = [];
    const built = domain.build('it', domain.schema.parse('law'), {
      clock: new VirtualClock(),
      learned: models(said({}), asked),
    });
    const messages = [
      message('user', 'before'),
      message('assistant', 'yes'),
      message('user', `a${'b'.repeat(30_000)}c`),
    ];
    void built.evaluate({ request: request({ messages }), profile: profile() });
    expect(asked[0]).toMatch(/^ab+ b+c$/);
    expect(asked[0]!.length).toBeLessThan(17_000);
  });
});
