import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PrefixHits } from '#pool/estimation/prefix-hits.js';

test('nothing is known until an engine has reported a hit; then what came before counts too', () => {
  const hits = new PrefixHits();
  expect(hits.share).toBeUndefined();
  hits.observe(0, 5);
  hits.observe(1000, 0);
  expect(hits.share).toBeUndefined();
  hits.observe(1000, 750);
  expect(hits.share).toBeCloseTo(0.375, 12);
  hits.reset();
  expect(hits.share).toBeUndefined();
});

test('few answers are weighted by their tokens, and any report stays a share', () => {
  const answers = fc.array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 2, noNaN: true })), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(answers, given => {
      const hits = new PrefixHits();
      let [prompt, cached] = [0, 0];
      for (const [tokens, share] of given) {
        hits.observe(tokens, tokens * share);
        prompt += tokens;
        cached += tokens * Math.min(1, share);
      }
      if (cached === 0) expect(hits.share).toBeUndefined();
      else expect(hits.share).toBeCloseTo(cached / prompt, 6);
    }),
  );
});

test('the old is forgotten', () => {
  const hits = new PrefixHits();
  for (let i = 0; i < 500; i++) hits.observe(1000, 1000);
  for (let i = 0; i < 500; i++) hits.observe(1000, 0);
  expect(hits.share).toBeLessThan(0.001);
});
