import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Classifier, Verdict } from '#contract/learned.js';
import type { PersonalSpan } from '#contract/personal-data.js';
import { AidedPersonalData } from '#models/personal-data/aided-finder.js';
import { openPersonalData } from '#models/personal-data/finder.js';
import { layered } from '#models/personal-data/layers.js';
import { personalDataFinderContract } from '../../contracts/personal-data-finder.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const unaided = openPersonalData();

/** A model that finds what a pattern does. */
function model(pattern: RegExp, type: string, more: Partial<Verdict> = {}): Classifier & { asked: number } {
  return {
    asked: 0,
    labels: [type],
    entities: true,
    prepare: () => Promise.resolve(),
    classify(text) {
      this.asked++;
      const spans = [...text.matchAll(pattern)].map(({ index, 0: { length } }) => ({
        type,
        start: index,
        end: index + length,
        score: 0.9,
      }));
      const found = spans.length > 0;
      return { probabilities: Float32Array.of(found ? 0.9 : 0), best: 0, sure: found, tier: 'model', spans, ...more };
    },
  };
}

const aided = (classifier: Classifier, kinds = {}, clock = new VirtualClock()) =>
  new AidedPersonalData(unaided, [{ name: 'ner', classifier, kinds }], clock);

async function found(finder: AidedPersonalData, text: string): Promise<string[]> {
  const { spans } = await finder.find(text);
  return spans.map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);
}

describe('personal data with a model of one’s own', () => {
  it('is what the model finds beside what form and tagger find, each type as its kind', async () => {
    const text = 'My name is Anna Kowalska, born ligaya, mail a@example.org';
    expect(await found(aided(model(/ligaya/g, 'PER')), text)).toEqual([
      'person:Anna Kowalska',
      'person:ligaya',
      'email:a@example.org',
    ]);
    expect(await found(aided(model(/ligaya/g, 'X')), text)).not.toContain('person:ligaya');
    expect(await found(aided(model(/ligaya/g, 'X'), { X: 'alias' }), text)).toContain('alias:ligaya');
    expect(await found(aided(model(/ligaya/g, 'PER'), { PER: 'off' }), text)).not.toContain('person:ligaya');
  });

  it('form is believed first, the model next, and what either found stays found', async () => {
    const text = 'Please call Thomas Berger from Siemens.';
    expect(await found(aided(model(/Berger from/g, 'ORG')), text)).toEqual([
      'person:Thomas',
      'organization:Berger from',
      'organization:Siemens',
    ]);
    expect(await found(aided(model(/Thomas/g, 'PER')), text)).toContain('person:Thomas Berger');
    expect(await found(aided(model(/Thomas|Berger/g, 'PER')), text)).toContain('person:Thomas Berger');
    expect(await found(aided(model(/to a@example.org now/g, 'ORG')), 'write to a@example.org now')).toEqual([
      'organization:to',
      'email:a@example.org',
      'organization:now',
    ]);
  });

  it('is remembered, also for those who cannot wait, unless the model missed some of it', async () => {
    const whole = model(/ligaya/g, 'PER');
    const finder = aided(whole);
    expect(finder.findNow('ligaya')).toEqual([]);
    await finder.find('ligaya');
    await finder.find('ligaya');
    expect([whole.asked, finder.findNow('ligaya')[0]?.kind]).toEqual([1, 'person']);
    const busy = model(/ligaya/g, 'PER', { best: -1, tier: 'busy', reason: 'too many wait' });
    const missing = aided(busy);
    expect(await missing.find('ligaya')).toEqual({ spans: [], missed: 'ner: too many wait' });
    await missing.find('ligaya');
    expect(busy.asked).toBe(2);
    const cut = await aided(model(/ligaya/g, 'PER', { partial: true })).find('ligaya');
    expect(cut).toMatchObject({ spans: [{ kind: 'person' }], missed: expect.stringContaining('longer') });
  });

  it('asks no model for kinds that none finds', () => {
    const finder = aided(model(/ligaya/g, 'PER'), { X: 'alias' });
    const asks = (...kinds: string[]) => finder.narrowed(new Set(kinds)) === finder;
    expect([asks('card', 'person'), asks('card', 'email'), asks('alias')]).toEqual([true, false, false]);
    const unread = aided({ ...model(/x/g, ''), labels: [] }, { X: 'alias' });
    expect(['person', 'alias', 'card'].map(kind => unread.narrowed(new Set([kind])) === unread)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('a text in a language that the model does not know is for the others alone', async () => {
    const foreign = model(/x/g, 'PER', { best: -1, tier: 'fast', reason: 'in fr', spans: [] });
    expect(await aided(foreign).find('un texte')).toEqual({ spans: [] });
  });

  it('a model of whole texts finds no places, and says so', async () => {
    const texts: Classifier = { ...model(/x/g, 'PER'), entities: undefined };
    expect((await aided(texts).find('x')).missed).toContain('no places');
  });

  it('a model that does not answer is waited for until the deadline', async () => {
    const clock = new VirtualClock();
    const silent: Classifier = { ...model(/x/g, 'PER'), classify: () => new Promise(() => {}) };
    const reading = aided(silent, {}, clock).find('ligaya', { leftMs: () => 100 });
    await Promise.resolve();
    clock.advance(100);
    expect(await reading).toEqual({ spans: [], missed: 'ner was too slow' });
  });
});

personalDataFinderContract('with a model of one’s own', () => aided(model(/Thomas|x/g, 'PER')));

describe('layers of spans', () => {
  const layer = fc
    .array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 6 }), fc.constantFrom('a', 'b')), { maxLength: 8 })
    .map(parts => {
      let at = 0;
      return parts.map(([gap, size, kind]): PersonalSpan => {
        const start = at + gap;
        at = start + size;
        return { kind, start, end: at };
      });
    });

  it('are in order, none over another, cover what either covers, and what the first says stands', () => {
    fc.assert(
      fc.property(layer, layer, (first, second) => {
        const text = 'x'.repeat(80);
        const laid = layered(text, first, second);
        for (const [at, { start, end }] of laid.entries()) {
          expect(start).toBeGreaterThanOrEqual(laid[at - 1]?.end ?? 0);
          expect(end).toBeGreaterThan(start);
        }
        for (let place = 0; place < text.length; place++) {
          const at = (spans: readonly PersonalSpan[]) => spans.find(({ start, end }) => start <= place && place < end);
          expect(at(laid)?.kind).toBe((at(first) ?? at(second))?.kind);
        }
      }),
    );
  });
});
