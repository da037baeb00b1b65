import { describe, expect, test } from 'vitest';
import { bm25 } from '#router/signals/bm25.js';
import { Bm25Index } from '#router/signals/bm25-index.js';
import { hashOf } from '#router/signals/text/word-scanner.js';
import { accepts, built, problemsOf, readOf } from './build.js';

const documents = {
  billing: ['invoice', 'refund', 'charge', 'card', '退款'],
  shipping: ['parcel', 'delivery', 'tracking', 'card', '发货'],
};

describe('weights', () => {
  test('are those of the formula', () => {
    const index = new Bm25Index([['a b b'], ['a c'], ['d']], { k1: 1.2, b: 0.75 });
    const weight = (term: string, document: number) =>
      index.termAt(hashOf(term), term, 0, term.length)?.postings.find(posting => posting.document === document)?.weight;
    const idf = (n: number) => Math.log(1 + (3 - n + 0.5) / (n + 0.5));
    const saturated = (f: number, length: number) => (f * 2.2) / (f + 1.2 * (0.25 + (0.75 * length) / 2));
    expect(weight('b', 0)).toBeCloseTo(saturated(2, 3), 12);
    expect(weight('a', 0)).toBeCloseTo((idf(2) / idf(1)) * saturated(1, 3), 12);
    expect(weight('a', 1)).toBeCloseTo((idf(2) / idf(1)) * saturated(1, 2), 12);
    expect(weight('a', 2)).toBeUndefined();
  });

  test('one word of one document of average length is 1', () => {
    expect(readOf(bm25, { documents: { x: 'alpha beta' }, above: 0.5 }, 'Beta!').score).toBe(1);
    expect(readOf(bm25, { documents: { x: 'alpha', y: 'beta' }, above: 0.5 }, 'Beta!').score).toBe(1);
  });

  test('a word of all documents weighs little, a run without spaces as much as a word', () => {
    const common = readOf(bm25, { documents, above: 0.5 }, 'card').score;
    expect(common).toBeGreaterThan(0);
    expect(common).toBeLessThan(0.3);
    expect(
      readOf(bm25, { documents: { x: '机器学习', y: '数据' }, b: 0, above: 0.5 }, '我要机器学习').score,
    ).toBeCloseTo(1, 9);
    expect(readOf(bm25, { documents: { x: '机器学习', y: '数据' }, b: 0, above: 0.5 }, '学习').score).toBeCloseTo(
      1 / 3,
      3,
    );
  });
});

test.each([
  ['Refund my INVOICE please', 'true', 'billing'],
  ['where is my parcel? tracking says nothing', 'true', 'shipping'],
  ['我要退款，发票 invoice', 'true', 'billing'],
  ['refund', 'false', undefined],
  ['refunds invoices', 'false', undefined],
  ['hello', 'false', undefined],
])('%s is %s %s', (text, state, label) => {
  const value = readOf(bm25, { documents, above: 1.5 }, text);
  expect(value.state).toBe(state);
  expect(value.label).toBe(label);
});

test('a word counts once, however often it is said; the evidence says which and where', () => {
  const value = readOf(bm25, { documents, above: 1.5 }, 'A refund, a refund, an invoice and my card, for my charge');
  expect(value.label).toBe('billing');
  expect(value.evidence).toMatch(/^billing [34]\.\d\d: "refund" at 2, "invoice" at 23, "card" at 38 and 1 more$/);
  expect(readOf(bm25, { documents, above: 0.9 }, 'refund refund').score).toBe(
    readOf(bm25, { documents, above: 0.9 }, 'refund').score,
  );
});

test('many evaluations do not mix', () => {
  const signal = built(bm25, { documents, above: 1.5 });
  const input = (text: string) =>
    ({ request: { messages: [{ role: 'user', content: [{ type: 'text', text }] }] } }) as never;
  const first = signal.evaluate(input('refund invoice'));
  expect(signal.evaluate(input('parcel delivery'))).toMatchObject({ label: 'shipping' });
  expect(signal.evaluate(input('refund invoice'))).toEqual(first);
});

test('what cannot be reached is a problem', () => {
  expect(problemsOf(bm25, { documents, above: 9 })).toMatchObject([{ code: 'config.range', path: ['above'] }]);
  expect(problemsOf(bm25, { documents: { x: '...' } })).toMatchObject([
    { code: 'config.invalid', path: ['documents', 'x'] },
  ]);
  expect(problemsOf(bm25, { documents, above: 1 })).toEqual([]);
  expect(accepts(bm25, { documents: {} })).toBe(false);
  expect(accepts(bm25, { documents: { x: [] } })).toBe(false);
});

test('absence is not certain where part was not read', () => {
  const long = 'x '.repeat(40_000);
  expect(readOf(bm25, { documents, above: 1.5 }, long).state).toBe('unknown');
  expect(readOf(bm25, { documents, above: 1.5 }, `${long}refund invoice`)).toMatchObject({
    state: 'true',
    label: 'billing',
  });
});
