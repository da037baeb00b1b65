import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Classifier, Verdict } from '#contract/learned.js';
import { seededRandom } from '#contract/random.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import { readLabels } from '#models/own/label-file.js';
import { windowsOf } from '#models/own/windows.js';
import { checkRouter } from '#router/check.js';
import { learnedSchema } from '#router/learned-schema.js';
import { createRouter } from '#router/router.js';
import { configured, facts, message, poolOf, profile, request } from '../../router/support.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { writeWordModel } from './word-model.js';

const root = mkdtempSync(join(tmpdir(), 'weir-own-'));
const host = new ModelHost(machineClock);
const LABELS = ['safe', 'toxic', 'threat'];
const WORDS = { hello: [3, 0, 0], idiot: [0, 5, 0], hurt: [0, 0, 6], you: [0, 0.5, 0.5] };
let path: string;

beforeAll(() => {
  path = writeWordModel(join(root, 'words'), LABELS, WORDS);
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

const rounded = ({ probabilities }: Verdict) => [...probabilities].map(p => Math.round(p * 1e4) / 1e4);

describe('a classifier of one’s own', { timeout: 60_000 }, () => {
  test('says the labels of its config.json by the softmax of its scores', async () => {
    expect(opened({}).labels).toEqual(LABELS);
    const told = await verdict({}, 'you idiot');
    const sum = 1 + Math.exp(5.5) + Math.exp(0.5);
    expect(rounded(told)).toEqual(
      [1 / sum, Math.exp(5.5) / sum, Math.exp(0.5) / sum].map(p => Math.round(p * 1e4) / 1e4),
    );
    expect(told).toMatchObject({ best: 1, sure: true, tier: 'model' });
  });

  test('a file that cannot be loaded is unknown, with what the runtime says of it', async () => {
    const broken = writeWordModel(join(root, 'broken'), LABELS, WORDS);
    writeFileSync(join(broken, 'onnx/model.onnx'), 'not a model');
    const { reason, sure } = await verdict({ path: broken }, 'you idiot');
    expect(sure).toBe(false);
    expect(reason).toMatch(/^onnxruntime cannot load .*model\.onnx; .*(rotobuf|parsing)/);
  });

  test('a temperature makes it less sure, and a threshold silent', async () => {
    const cooled = await verdict({ temperature: 10, threshold: 0.9 }, 'you idiot');
    expect(cooled).toMatchObject({ best: 1, sure: false });
    expect(rounded(cooled)[1]).toBeLessThan(0.6);
  });

  test('labels that do not exclude one another are each for themselves', async () => {
    const several = writeWordModel(join(root, 'several'), LABELS, WORDS, 'multi_label_classification');
    const told = await verdict({ path: several }, 'you idiot hurt');
    expect(
      rounded(told)
        .slice(1)
        .every(p => p > 0.99),
    ).toBe(true);
    expect(rounded(told)[0]).toBe(0.5);
  });

  test('texts beside it change nothing', async () => {
    const own = opened({});
    const texts = ['hello', 'you idiot', `${'hello '.repeat(40)}`, 'hurt you'];
    const together = await Promise.all(texts.map(text => own.classify(text, { whenBusy: 'wait' })));
    for (const [at, text] of texts.entries()) {
      expect(rounded(together[at]!)).toEqual(rounded(await verdict({ prefix: '' }, text)));
    }
  });

  test('of a long text every window is read where that is asked for, and the worst counts', async () => {
    const long = `${'hello '.repeat(200)}idiot ${'hello '.repeat(200)}`;
    const whole = { length: 32, windows: 64, neutral: 'safe' };
    expect(await verdict({ length: 32 }, long)).toMatchObject({ best: 0, sure: true });
    const hidden = `${'hello '.repeat(4)}${'x '.repeat(60)}idiot${' x'.repeat(60)}`;
    const read = await verdict(whole, hidden);
    expect(read).toMatchObject({ best: 1, sure: true });
    const at = hidden.indexOf('idiot');
    expect(read.spans?.length).toBeGreaterThan(0);
    for (const { type, start, end } of read.spans ?? []) {
      expect([type, start <= at, end > at]).toEqual(['toxic', true, true]);
    }
    const cut = await verdict({ ...whole, windows: 2 }, long);
    expect(cut).toMatchObject({ best: 0, sure: false, reason: expect.stringContaining('longer') });
  });

  test('a check that holds changes nothing; one that fails silences it, and says why', async () => {
    expect(await verdict({ check: [{ text: 'hello', label: 'safe' }] }, 'idiot')).toMatchObject({
      best: 1,
      sure: true,
    });
    expect(await verdict({ check: [{ text: 'hello', label: 'toxic' }] }, 'idiot')).toMatchObject({
      best: -1,
      sure: false,
      reason: 'its check failed: text 1 is safe, not toxic',
    });
    expect((await verdict({ neutral: 'nice' }, 'idiot')).reason).toContain('no label nice');
  });

  test.each([
    [
      'more labels than scores',
      () => writeWordModel(join(root, 'more'), [...LABELS, 'spam'], WORDS),
      'one score for each of 4',
    ],
    ['no labels', () => writeWordModel(join(root, 'none'), [], WORDS), 'from 0'],
    [
      'scores that are no numbers',
      () => writeWordModel(join(root, 'nan'), LABELS, { idiot: [Number.NaN, 0, 0] }),
      'no numbers',
    ],
    ['no such folder', () => join(root, 'nowhere'), 'cannot be read'],
  ])('%s: every verdict is unsure, with the reason', async (_, make, reason) => {
    const told = await verdict({ path: make() }, 'idiot');
    expect(told).toMatchObject({ best: -1, sure: false });
    expect(told.reason).toContain(reason);
  });
});

describe('its labels', () => {
  test.each(['{', '[]', '{"id2label":{"a":"b"}}', '{"id2label":{"0":"a","2":"b"}}', '{"id2label":{"0":"a","1":"a"}}'])(
    'are refused where they are none: %s',
    text => {
      const file = join(root, 'config.json');
      writeFileSync(file, text);
      expect(() => readLabels(file)).toThrow(expect.objectContaining({ code: 'model.unavailable' }));
    },
  );

  test('windows have every character of what is read whole, and are bounded', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 8, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        (size, length, most) => {
          const { windows, whole } = windowsOf('x'.repeat(size), length, most);
          expect(windows.length).toBeGreaterThan(0);
          expect(windows.length).toBeLessThanOrEqual(most);
          expect(windows[0]!.start).toBe(0);
          for (const [at, { start }] of windows.entries()) if (at > 0) expect(start).toBeLessThan(windows[at - 1]!.end);
          expect(windows.at(-1)!.end === size).toBe(whole);
        },
      ),
    );
  });
});

describe('in a configuration', { timeout: 60_000 }, () => {
  async function run(text: string, safety?: object) {
    const config = configured({
      learned: { patience: '20s', classifiers: { words: { path, neutral: 'safe' } } },
      signals: {
        rude: { classifier: { name: 'words' } },
        threat: { classifier: { name: 'words', any: ['threat'], above: 0.8 } },
      },
      decisions: [
        { name: 'danger', when: 'threat', models: ['m'] },
        { name: 'tone', when: 'rude == "toxic"', models: ['m'] },
        { name: 'rest', when: 'otherwise', models: ['m'] },
      ],
      safety,
    });
    const clock = new VirtualClock();
    const learned = host.configure(config.learned);
    const router = createRouter(config, { clock, models: [facts('m')], learned });
    const asked = request({ messages: [message('user', text)] });
    const [route, board] = [router.draft(asked), router.board(asked, profile())];
    for (const stage of router.stages) {
      const end = await stage.run({
        board,
        pool: poolOf(),
        clock,
        random: seededRandom(1),
        route,
        sentTexts: () => [],
      });
      if (end.kind !== 'continue') return { route, end };
    }
    return { route, end: undefined };
  }

  test.each([
    ['hurt you', 'danger'],
    ['you idiot', 'tone'],
    ['hello', 'rest'],
  ])('its labels lead: %s to %s', async (text, decision) => {
    expect((await run(text)).route.decision).toBe(decision);
  });

  test('it stands beside the child-safety rules', async () => {
    const child = { child_safety: { classifier: 'words', label: 'threat' } };
    expect((await run('hello', child)).end).toBeUndefined();
    expect((await run('hurt you', child)).end).toMatchObject({ kind: 'refuse', error: { code: 'safety.blocked' } });
  });

  test('a label that it does not know is never found, so the request is refused where safety fails closed', async () => {
    const child = { child_safety: { classifier: 'words', label: 'unsafe' } };
    expect((await run('hello', child)).end).toMatchObject({ kind: 'refuse' });
    expect((await run('hello', { ...child, fail: 'open' })).end).toBeUndefined();
  });

  test('a name of nothing is a mistake of the file', () => {
    const config = configured({
      signals: { rude: { classifier: { name: 'wrods' } } },
      learned: { classifiers: { words: { path } } },
      safety: { child_safety: { classifier: 'wrods' } },
    });
    const paths = checkRouter(config, { models: ['m'], pools: [] }).map(({ path: at }) => at.join('.'));
    expect(paths).toContain('signals.rude.classifier.name');
    expect(paths).toContain('safety.child_safety.classifier');
  });
});
