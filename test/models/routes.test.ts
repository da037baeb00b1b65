import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Embedder } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { Cascade } from '#models/heads/cascade.js';
import { parseHead } from '#models/heads/head-file.js';
import { QuickFeatures } from '#models/heads/quick-features.js';
import { ExampleRoutes } from '#models/routes/example-routes.js';
import { fitSigmoid, sigmoid } from '#models/routes/platt.js';
import { Prototypes, type RouteExample } from '#models/routes/prototypes.js';
import { dot, normalise } from '#models/runtime/pooling.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';
import { trainHead } from '#models/train/train-head.js';
import { trainRoutes } from '#models/train/train-routes.js';
import { Turns } from '#models/turns.js';
import { classifierContract } from '../contracts/classifier.js';

const table = openStaticEmbedding();
const quick = new QuickFeatures(table);

/** The static table in the place of a model: it knows words, which is enough here. */
function words(fail?: () => WeirError): Embedder & { asked: number } {
  return {
    name: 'words',
    dimension: table.dimension,
    asked: 0,
    prepare: () => Promise.resolve(),
    embed(texts) {
      this.asked += texts.length;
      const error = fail?.();
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve(texts.map(text => table.embed(text) ?? new Float32Array(table.dimension)));
    },
  };
}

const EXAMPLES = {
  refund: [
    'I want my money back',
    'please refund my order',
    'how do I return this and get a refund',
    'give me a refund now',
  ],
  outage: [
    'the website is down',
    'your service is not working',
    'the server does not respond',
    'I get an error on your site',
  ],
};

describe('routes by examples', () => {
  test('more examples than the queue has places are embedded a few at a time', async () => {
    const queue = words();
    let most = 0;
    const bounded: Embedder = {
      ...queue,
      embed(texts, options) {
        most = Math.max(most, texts.length);
        if (texts.length > 64) return Promise.reject(new WeirError('model.busy', 'no place'));
        return queue.embed(texts, options);
      },
    };
    const many = (name: string) => Array.from({ length: 300 }, (_, at) => `${name} number ${at} please`);
    const own = new ExampleRoutes(
      { refund: many('refund order'), outage: many('website outage') },
      { embedder: bounded, fast: undefined, patienceMs: 10 },
    );
    expect(await own.classify('refund order number 7', { whenBusy: 'fast' })).toMatchObject({
      best: -1,
      loading: true,
    });
    const verdict = await own.classify('refund order number 7', { whenBusy: 'wait' });
    expect(verdict).toMatchObject({ sure: true, tier: 'model', nearest: { label: 'refund' } });
    expect(most).toBeGreaterThan(1);
  });

  const routes = (embedder = words(), fast = undefined as QuickFeatures | undefined) =>
    new ExampleRoutes(EXAMPLES, { embedder, fast, patienceMs: 10 });

  test.each([
    ['can I get my money back for this order?', 'refund'],
    ['the site does not respond, is your server down?', 'outage'],
  ])('%s belongs to %s, and the example that says so is shown', async (text, label) => {
    const classifier = routes();
    const verdict = await classifier.classify(text, { whenBusy: 'wait' });
    expect(verdict).toMatchObject({ sure: true, tier: 'model', nearest: { label } });
    expect(classifier.labels[verdict.best]).toBe(label);
  });

  test('what is near to no example is out of scope', async () => {
    const verdict = await routes().classify('who painted the ceiling of the chapel in Rome?', { whenBusy: 'wait' });
    expect(verdict.sure).toBe(false);
    expect(verdict.probabilities[verdict.best]).toBeLessThan(0.3);
  });

  test('a busy model is stood in for as the caller chooses', async () => {
    const busy = words(() => new WeirError('model.busy', 'too much'));
    const classifier = routes(busy, quick);
    expect(await classifier.classify('give me a refund', { whenBusy: 'unknown' })).toMatchObject({
      best: -1,
      sure: false,
      tier: 'busy',
    });
    const loading = routes(
      words(() => new WeirError('model.loading', 'soon')),
      quick,
    );
    expect(await loading.classify('give me a refund', { whenBusy: 'fast' })).toMatchObject({
      tier: 'busy',
      loading: true,
    });
    const verdict = await classifier.classify('please give me a refund now', { whenBusy: 'fast' });
    expect(verdict).toMatchObject({ sure: true, tier: 'busy', reason: 'too much', nearest: { label: 'refund' } });
  });

  test('one route of one example can be told from everything else', async () => {
    const classifier = new ExampleRoutes(
      { hello: ['good morning to you'] },
      { embedder: words(), fast: undefined, patienceMs: 10 },
    );
    expect(await classifier.classify('good morning to you', { whenBusy: 'wait' })).toMatchObject({ sure: true });
    expect(await classifier.classify('how deep is the ocean?', { whenBusy: 'wait' })).toMatchObject({ sure: false });
  });
});

describe('prototypes', () => {
  const LENGTH = 3;
  const vector = fc.tuple(...Array.from({ length: LENGTH }, () => fc.integer({ min: -5, max: 5 }))).map(given => {
    const made = Float32Array.from(given);
    normalise(made);
    return made;
  });
  const example = fc.record({ text: fc.constant('x'), route: fc.nat(1), vector });
  const of = (examples: readonly RouteExample[]) => Prototypes.of(examples, 2, new Turns());

  test('an example scores as if it were not there', async () => {
    const close = (a: Float32Array, b: Float32Array) => {
      for (const [at, value] of a.entries()) expect(value).toBeCloseTo(b[at]!, 4);
    };
    await fc.assert(
      fc.asyncProperty(fc.array(example, { minLength: 2, maxLength: 8 }), async examples => {
        const [first, ...rest] = examples;
        const apart = examples.every(({ route, vector: a }, at) =>
          examples.slice(0, at).every(other => other.route !== route || dot(other.vector, a) < 0.9),
        );
        const without = (await of(examples)).scoresWithout(first!);
        if (apart) close(without, (await of(rest)).score(first!.vector).scores);
        const twice = [...examples, { ...first! }];
        if (apart) close((await of(twice)).scoresWithout(first!), (await of(examples)).score(first!.vector).scores);
      }),
    );
  });
});

describe('Platt scaling', () => {
  test('is even where the two kinds meet, and rises with the score', () => {
    const judged = [0.1, 0.2, 0.3, 0.4]
      .map(score => ({ score, belongs: false }))
      .concat([0.6, 0.7, 0.8].map(score => ({ score, belongs: true })));
    const curve = fitSigmoid(judged);
    expect(sigmoid(curve, 0.5)).toBeGreaterThan(0.3);
    expect(sigmoid(curve, 0.5)).toBeLessThan(0.7);
    expect(sigmoid(curve, 0.8)).toBeGreaterThan(0.75);
    expect(sigmoid(curve, 0.1)).toBeLessThan(0.2);
  });

  test('says nothing absurd of one kind alone', () => {
    const curve = fitSigmoid([{ score: 0.9, belongs: true }]);
    expect(Number.isFinite(sigmoid(curve, 0))).toBe(true);
  });
});

describe('trained routes', () => {
  const subjects = {
    tea: 'tea pot leaf cup brew',
    car: 'car wheel engine road drive',
    law: 'court judge law trial guilty',
  };
  const random = seededRandom(4);
  const sentence = (vocabulary: string): string => {
    const known = vocabulary.split(' ');
    return Array.from({ length: 6 }, () => known[random.below(known.length)]).join(' ');
  };
  const texts = Object.entries(subjects).flatMap(([label, vocabulary]) =>
    Array.from({ length: 40 }, () => ({ text: sentence(vocabulary), label })),
  );
  const strange = Array.from({ length: 20 }, () => ({ text: sentence('moon planet orbit star rocket'), label: 'oos' }));
  const train = (given: typeof texts) =>
    trainRoutes({
      texts: given,
      embedder: 'words',
      embed: all => words().embed(all),
      fast: table,
      random: seededRandom(1),
      date: '2026-01-01',
    });

  test('tell new texts apart and turn strange ones away, out of the file that was written', async () => {
    const head = parseHead(JSON.stringify(await train([...texts, ...strange])), 'memory');
    expect(head.labels).toEqual(['car', 'law', 'tea']);
    const cascade = new Cascade(head, { embedder: words(), fast: undefined, patienceMs: 10 });
    for (const [label, vocabulary] of Object.entries(subjects)) {
      const verdict = await cascade.classify(sentence(vocabulary), { whenBusy: 'wait' });
      expect(verdict).toMatchObject({ sure: true, nearest: { label } });
      expect(cascade.labels[verdict.best]).toBe(label);
    }
    expect(await cascade.classify('rocket star planet moon', { whenBusy: 'wait' })).toMatchObject({ sure: false });
  });

  test('the fast tier answers what it is sure of without the model', async () => {
    const head = await train(texts);
    const model = words();
    const cascade = new Cascade(
      { ...head, fast: { ...head.fast!, decisive: 0.5 } },
      { embedder: model, fast: quick, patienceMs: 10 },
    );
    expect(cascade.classify(sentence(subjects.tea), { whenBusy: 'wait' })).toMatchObject({ tier: 'fast', sure: true });
    expect(model.asked).toBe(0);
  });

  test('one label, or one text of a label, is too little', async () => {
    await expect(train(texts.filter(({ label }) => label === 'tea'))).rejects.toMatchObject({ code: 'usage.invalid' });
    await expect(train([...texts, { text: 'x', label: 'lonely' }])).rejects.toMatchObject({ code: 'usage.invalid' });
  });

  test('a file that is no head is said to be none, and where', () => {
    expect(() => parseHead('{', 'f')).toThrowError(/not JSON/);
    expect(() => parseHead('{"format":2}', 'f')).toThrowError(/no head/);
  });
});

test('a head tests on texts that it was not trained on, and never parts a group', async () => {
  const random = seededRandom(6);
  const pick = (from: string): string => from.split(' ')[random.below(5)]!;
  const texts = Array.from({ length: 60 }, (_, group) => {
    const [label, words] =
      group % 2 === 0 ? ['tea', 'pot leaf cup brew herb'] : ['car', 'wheel engine road drive gear'];
    return Array.from({ length: 3 }, (__, at) => ({
      text: `${pick(words)} ${pick(words)} ${group} ${at}`,
      label,
      group: `${group}`,
    }));
  }).flat();
  const head = await trainHead({
    kind: 'domain',
    summary: '',
    data: [{ name: 'all', licence: '', texts, heldOut: 'tune and test' }],
    tests: [],
    embedder: 'words',
    embed: all => words().embed(all),
    fast: table,
    random: seededRandom(1),
    date: '2026-01-01',
  });
  const { model, cascade } = head.card?.results.all ?? {};
  expect(model?.texts).toBeGreaterThan(9);
  expect((model?.texts ?? 0) % 3).toBe(0);
  expect(cascade?.accuracy).toBeGreaterThan(0.9);
});

classifierContract(
  'routes by examples',
  fail => new ExampleRoutes(EXAMPLES, { embedder: words(fail && (() => fail)), fast: quick, patienceMs: 10 }),
);
