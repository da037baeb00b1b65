import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Embedder } from '#contract/embedder.js';
import type { WeirError } from '#contract/errors.js';
import type { Classifier, Span, Verdict } from '#contract/learned.js';
import { seededRandom } from '#contract/random.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import { oneReading } from '#models/own/one-reading.js';
import { TokenClassifier } from '#models/own/token-classifier.js';
import { windowsOf } from '#models/own/windows.js';
import { learnedSchema } from '#router/learned-schema.js';
import { createRouter } from '#router/router.js';
import { classifierContract } from '../../contracts/classifier.js';
import { configured, facts, message, poolOf, profile, request } from '../../router/support.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { writeTokenModel } from './word-model.js';

const root = mkdtempSync(join(tmpdir(), 'weir-tokens-'));
const host = new ModelHost(machineClock);
const LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];
const begins = (label: number, score = 6) => LABELS.map((_, at) => (at === label ? score : 0));
const WORDS = {
  anna: begins(1),
  kowal: begins(2),
  '##ska': begins(0),
  // Its second token is wrong, as tokens are that no training has seen.
  lis: begins(3),
  '##bon': begins(1, 9),
  new: begins(3),
  york: begins(4),
  maybe: begins(1, 0.1),
  lives: begins(0),
};
let path: string;

beforeAll(() => {
  path = writeTokenModel(join(root, 'words'), LABELS, WORDS);
});

afterAll(async () => {
  await host.close();
  rmSync(root, { recursive: true, force: true });
});

function opened(given: object): Classifier {
  const settings = learnedSchema.parse({ patience: '20s', classifiers: { own: { path, ...given } } });
  return host.configure(settings).classifier('own');
}

function verdict(given: object, text: string): Promise<Verdict> {
  return Promise.resolve(opened(given).classify(text, { whenBusy: 'wait' }));
}

async function found(given: object, text: string): Promise<string[]> {
  const { spans = [] } = await verdict(given, text);
  return spans.map(({ type, start, end }) => `${type}:${text.slice(start, end)}`);
}

describe('a classifier of tokens of one’s own', { timeout: 60_000 }, () => {
  test('says by config.json that it finds entities: their types are its labels, and they stand where they stand', async () => {
    const own = opened({});
    expect([own.entities, own.labels]).toEqual([true, ['PER', 'LOC']]);
    const text = 'Anna Kowalska lives in New York, 🦆 Lisbon!';
    expect(await found({}, text)).toEqual(['PER:Anna Kowalska', 'LOC:New York', 'LOC:Lisbon']);
    const { spans = [], ...told } = await verdict({}, text);
    const sure = (Math.exp(6) + 1) / (Math.exp(6) + 4);
    expect(spans[0]!.score).toBeCloseTo(sure, 5);
    expect(told).toMatchObject({ best: 0, sure: true, tier: 'model' });
    expect(told.probabilities[1]).toBeCloseTo(sure, 5);
  });

  test.each([
    ['first', ['LOC:Lisbon']],
    ['max', ['PER:Lisbon']],
    ['average', ['PER:Lisbon']],
    ['simple', ['LOC:Lis', 'PER:bon']],
  ])('tokens of a word agree by %s', async (aggregation, entities) => {
    expect(await found({ aggregation }, 'in Lisbon')).toEqual(entities);
  });

  test('what is not sure enough is none, and a text with none is nothing', async () => {
    expect(await found({}, 'maybe lives')).toEqual([]);
    expect(await found({ threshold: 0.2 }, 'maybe lives')).toEqual(['PER:maybe']);
    expect(await verdict({}, 'nobody lives here')).toMatchObject({ best: 0, sure: false, spans: [] });
  });

  test('of a long text every window is read, in several passes where tokens are short, and names at their edges are whole', async () => {
    const filler = 'lives '.repeat(30);
    for (let shift = 0; shift < 48; shift += 5) {
      const text = `${'x'.repeat(shift)} ${filler}Anna Kowalska ${filler}New York ${filler}`;
      expect(await found({ length: 32 }, text)).toEqual(['PER:Anna Kowalska', 'LOC:New York']);
    }
    const dense = `${'. '.repeat(300)}Anna`;
    expect(await found({ length: 8, windows: 256 }, dense)).toEqual(['PER:Anna']);
    const cut = await verdict({ length: 8, windows: 2 }, dense);
    expect(cut).toMatchObject({ sure: false, partial: true, reason: expect.stringContaining('longer') });
  });

  test('a prefix is none of the text', async () => {
    expect(await found({ prefix: 'Anna ' }, 'lives in York')).toEqual(['LOC:York']);
  });

  test('a check that holds changes nothing; one that fails silences it, and says why', async () => {
    const checks = [
      { text: 'anna', label: 'PER' },
      { text: 'lives', label: 'O' },
    ];
    expect(await found({ check: checks }, 'Anna')).toEqual(['PER:Anna']);
    const wrong = await verdict({ check: [{ text: 'anna', label: 'LOC' }] }, 'Anna');
    expect(wrong).toMatchObject({ best: -1, reason: 'its check failed: text 1 holds PER, not LOC' });
    expect((await verdict({ check: [{ text: 'anna', label: 'ORG' }] }, 'Anna')).reason).toContain('no entity ORG');
  });

  test.each([
    ['no label for what is no entity', { neutral: 'OUT' }, 'no label OUT'],
    ['a model that is said to classify texts', { task: 'text' }, 'one score for each of 5'],
    ['tokens of a classifier of texts', { task: 'text', aggregation: 'max' }, 'no tokens to aggregate'],
  ])('%s: every verdict is unsure, with the reason', async (_, given, reason) => {
    expect((await verdict(given, 'Anna')).reason).toContain(reason);
  });

  test('scores that are no numbers are no entities', async () => {
    const bad = writeTokenModel(join(root, 'nan'), ['O', 'X'], { anna: [Number.NaN, 0] });
    expect(await verdict({ path: bad }, 'Anna')).toMatchObject({
      best: -1,
      reason: expect.stringContaining('no numbers'),
    });
  });

  test('a model for other labels takes its place while requests run', async () => {
    const before = opened({});
    const other = writeTokenModel(join(root, 'other'), ['O', 'DRUG'], { anna: [0, 6] });
    const [old, swapped] = await Promise.all([
      before.classify('Anna', { whenBusy: 'wait' }),
      verdict({ path: other }, 'Anna'),
    ]);
    expect([old.spans?.[0]?.type, swapped.spans?.[0]?.type]).toEqual(['PER', 'DRUG']);
    expect(host.status().find(({ name }) => name === 'classifier own')?.bytes).toBeGreaterThan(0);
  });
});

describe('in a configuration', { timeout: 60_000 }, () => {
  async function decided(text: string, more = {}): Promise<string> {
    const config = configured({
      learned: { patience: '20s', classifiers: { ner: { path, length: 16, ...more } } },
      signals: { person: { classifier: { name: 'ner', any: ['PER'] } } },
      decisions: [
        { name: 'named', when: 'person', models: ['m'] },
        { name: 'nobody', when: 'not person', models: ['m'] },
        { name: 'untold', when: 'otherwise', models: ['m'] },
      ],
    });
    const clock = new VirtualClock();
    const learned = host.configure(config.learned);
    const router = createRouter(config, { clock, models: [facts('m')], learned });
    const asked = request({ messages: [message('user', text)] });
    const [route, board] = [router.draft(asked), router.board(asked, profile())];
    for (const stage of router.stages)
      await stage.run({ board, pool: poolOf(), clock, random: seededRandom(1), route, sentTexts: () => [] });
    return route.decision;
  }

  test.each([
    ['Anna lives here', 'named'],
    ['in New York', 'nobody'],
    ['lives here', 'nobody'],
  ])('has an entity of a type: %s', async (text, decision) => {
    expect(await decided(text)).toBe(decision);
  });

  test('what was not read may hold one', async () => {
    const text = `New York ${'lives '.repeat(40)} Anna`;
    expect(await decided(text)).toBe('named');
    expect(await decided(text, { windows: 2 })).toBe('untold');
  });
});

describe('windows as one reading', () => {
  const span = fc.record({ type: fc.constantFrom('A', 'B'), from: fc.nat(20), size: fc.integer({ min: 1, max: 12 }) });

  test('spans are in order, none over another, and all that no edge cut off is covered', () => {
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 200 }), fc.array(fc.array(span, { maxLength: 3 })), (length, given) => {
        const { windows } = windowsOf('x'.repeat(length), 8, 64);
        const found = windows.map(({ start, end }, at): Span[] =>
          (given[at] ?? []).flatMap(({ type, from, size }) => {
            const [a, b] = [start + from, Math.min(end, start + from + size)];
            return a < b ? [{ type, start: a, end: b, score: from / 20 }] : [];
          }),
        );
        const read = oneReading(windows, found, length);
        for (const [at, one] of read.entries()) expect(one.start).toBeGreaterThanOrEqual(read[at - 1]?.end ?? 0);
        for (const [at, some] of found.entries()) {
          for (const one of some) {
            const edge = one.start === windows[at]!.start || one.end === windows[at]!.end;
            for (let place = one.start; place < one.end && !edge; place++) {
              expect(read.some(({ start, end }) => start <= place && place < end)).toBe(true);
            }
          }
        }
      }),
    );
  });
});

function made(fail?: WeirError): Classifier {
  const scorer: Embedder = {
    name: 'made',
    dimension: 2,
    prepare: () => (fail === undefined ? Promise.resolve() : Promise.reject(fail)),
    embed: texts =>
      fail === undefined
        ? Promise.resolve(texts.map(text => (/\w/.test(text) ? Float32Array.of(0, 0, 1, 0.9) : new Float32Array(0))))
        : Promise.reject(fail),
  };
  const { classifiers } = learnedSchema.parse({ classifiers: { own: { path: 'nowhere' } } });
  return new TokenClassifier(classifiers.own!, 'O', ['PER', 'LOC'], { scorer, patienceMs: 50 });
}

classifierContract('a classifier of tokens', made);
