import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversationRisk } from '#router/safety/conversation-risk.js';

const turn = fc.record(
  { score: fc.double({ min: 0, max: 1, noNaN: true }), hazard: fc.constantFrom('vcr', 'iwp', 'prv') },
  { requiredKeys: ['score'] },
);
const turns = fc.array(turn, { minLength: 1, maxLength: 20 });
const risk = (...scores: number[]) => conversationRisk(scores.map(score => ({ score }))).score;

describe('risk of a conversation', () => {
  test('is a share, and no less than the worst turn', () => {
    fc.assert(
      fc.property(turns, all => {
        const { score, peak } = conversationRisk(all);
        expect(score).toBeGreaterThanOrEqual(peak - 1e-12);
        expect(score).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('never falls as turns come', () => {
    fc.assert(
      fc.property(turns, turn, (all, next) => {
        expect(conversationRisk([...all, next]).score).toBeGreaterThanOrEqual(conversationRisk(all).score - 1e-12);
      }),
    );
  });

  test('grows in each score', () => {
    fc.assert(
      fc.property(turns, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (all, pick, more) => {
        const at = pick % all.length;
        const worse = all.map((one, i) => (i === at ? { ...one, score: Math.min(1, one.score + more) } : one));
        expect(conversationRisk(worse).score).toBeGreaterThanOrEqual(conversationRisk(all).score - 1e-12);
      }),
    );
  });

  test('of one turn is that turn', () => expect(risk(0.63)).toBeCloseTo(0.63, 12));

  test('borderline turns add up, which no average does', () => {
    expect(risk(0.4, 0.4, 0.4)).toBeGreaterThan(0.5);
    expect(risk(0.4, 0.4, 0.4, 0.4, 0.4, 0.4)).toBeGreaterThan(risk(0.4, 0.4, 0.4));
  });

  test('many harmless turns are harmless', () =>
    expect(risk(...Array.from({ length: 50 }, () => 0.2))).toBeCloseTo(0.2, 12));

  test('kinds of hazard beyond the first count', () => {
    const of = (...kinds: string[]) => conversationRisk(kinds.map(hazard => ({ score: 0.5, hazard }))).score;
    expect(of('vcr', 'iwp')).toBeGreaterThan(of('vcr', 'vcr'));
  });

  test('begins at the first turn above the borderline', () => {
    expect(conversationRisk([{ score: 0.1 }, { score: 0.3 }, { score: 0.9 }]).seed).toBe(1);
    expect(conversationRisk([{ score: 0.1 }]).seed).toBeUndefined();
  });
});
