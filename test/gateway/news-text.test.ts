import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newsText, readNews } from '#gateway/news-text.js';

const name = fc.string({ maxLength: 40 });
const amount = fc.nat(1e6);
const news = fc.record({
  replicas: fc.array(
    fc.record({
      ...{ replica: name, inFlight: amount, waiting: amount, inFlightTokens: amount, pendingPrefillTokens: amount },
      open: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  prompts: fc.array(
    fc.record({
      ...{ replica: name, model: name, session: name },
      prefix: fc.record({
        hashes: fc.float64Array({ maxLength: 20, noNaN: true, noDefaultInfinity: true }),
        blockTokens: fc.double({ min: 1, max: 512, noNaN: true }),
      }),
    }),
    { maxLength: 5 },
  ),
  forgotten: fc.array(name, { maxLength: 3 }),
});

describe('the text by which gateways tell one another of their pools', () => {
  test('reads as what was written', () => {
    fc.assert(
      fc.property(name, news, (from, told) => {
        expect(readNews(newsText(from, told))).toEqual({ from, news: told });
      }),
    );
  });

  test('anything else is no news, and no error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        expect(readNews(text)).toBeUndefined();
      }),
    );
    const told = newsText('a', { replicas: [], prompts: [], forgotten: [] });
    expect(readNews(told.replace('[1,', '[2,'))).toBeUndefined();
    expect(readNews(`${told}${' '.repeat(5_000_000)}`)).toBeUndefined();
    const prefix = { hashes: [Number.NaN], blockTokens: 16 };
    const broken = { replica: 'r', model: 'm', session: '', prefix };
    expect(readNews(newsText('a', { replicas: [], prompts: [broken], forgotten: [] }))).toBeUndefined();
  });
});
