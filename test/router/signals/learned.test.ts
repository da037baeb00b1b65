import { describe, expect, test } from 'vitest';
import type { Classifier, LearnedModels, Verdict } from '#contract/learned.js';
import { DOMAINS, domain } from '#router/signals/domain.js';
import { FEEDBACK, feedback } from '#router/signals/feedback.js';
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
    classifier: () => classifier,
    routes: () => classifier,
    preferences: () => classifier,
    knowledge: () => classifier,
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
      message('user', `a${'b'.repeat(90_000)}c`),
    ];
    void built.evaluate({ request: request({ messages }), profile: profile() });
    const [read = ''] = asked;
    expect([read.slice(0, 3), read.slice(-3)]).toEqual(['abb', 'bbc']);
    expect(read.length).toBeLessThan(66_000);
  });
});

describe('feedback', () => {
  const kinds: Classifier = {
    labels: [...FEEDBACK, 'none'],
    prepare: () => Promise.resolve(),
    classify: () => ({ probabilities: Float32Array.of(0, 0.1, 0.8, 0, 0.1), best: 2, sure: true, tier: 'model' }),
  };
  const learned: LearnedModels = { ...models(said({})), head: () => kinds };
  const value = (options: unknown, messages: Parameters<typeof message>[]) => {
    const built = feedback.build('it', feedback.schema.parse(options), { clock: new VirtualClock(), learned });
    const given = { ...request(''), messages: messages.map(one => message(...one)) };
    return built.evaluate({ request: given, profile: profile() });
  };
  const turns: Parameters<typeof message>[] = [
    ['user', 'hi'],
    ['assistant', 'hello'],
    ['user', 'no, that is wrong'],
  ];

  test('is told of what follows an answer', () => {
    expect(value('wrong_answer', turns)).toMatchObject({ state: 'true', label: 'wrong_answer', score: 0.8 });
    expect(value({}, turns)).toMatchObject({ state: 'true', score: 0.9 });
    expect(value('satisfied', turns)).toMatchObject({ state: 'false', score: 0 });
  });

  test('is none where no answer came before', () => {
    expect(value({}, [['user', 'no, that is wrong']])).toMatchObject({
      state: 'false',
      evidence: 'no answer came before',
    });
  });
});

describe('a head that knows English only', () => {
  const english: Classifier = {
    labels: DOMAINS,
    languages: ['en'],
    prepare: () => Promise.resolve(),
    classify: () => said({}),
  };
  const learned: LearnedModels = { ...models(said({})), head: () => english };

  test('says nothing of a French text, and which language it took it for', async () => {
    const french = 'Mon propriétaire peut-il me mettre à la porte sans préavis pendant l’hiver ?';
    expect(await value('law', learned, french)).toEqual({
      state: 'unknown',
      score: 0,
      tier: 'fast',
      evidence: 'in fr, which this head does not know',
    });
  });

  test.each(['Can my landlord evict me?', 'NDA?', 'select * from users where id = 7'])('judges %j', async text => {
    expect(await value('law', learned, text)).toMatchObject({ state: 'true', label: 'law' });
  });
});
