import { describe, expect, test } from 'vitest';
import type { Outlook } from '#contract/strategy.js';
import { type CascadeTerms, cascadeOf } from '#router/strategy/cascade.js';
import { candidates, failed, judged, play, strategyContract } from '../../contracts/strategy.js';

const terms = (more: Partial<CascadeTerms> = {}): CascadeTerms => ({
  ...{ stages: 3, ttftMs: 10_000, graceMs: 500, tokens: 10_000, to: 'next', escalate: 'in_time', compress: 1, ...more },
});
const takes = (...times: readonly (number | undefined)[]): Outlook[] =>
  times.map((ms, at) => ({
    ...{ model: `m${at}`, feasible: true, tokens: 300 },
    ...(ms === undefined ? undefined : { ttftMs: ms, wholeMs: ms + 4000 }),
  }));
const three = candidates(true, true, true);

for (const more of [{ to: 'best' }, { escalate: 'always' }, { stages: 2 }, { compress: 2 }] as const)
  strategyContract(cascadeOf(terms(more)));

describe('cascade', () => {
  test('holds back every answer but that of the last model, and sends the first that is accepted', () => {
    expect(play(cascadeOf(terms()), three, [judged(false, takes(0, 100, 100)), judged(true)])).toMatchObject([
      { kind: 'attempt', candidate: { model: 'm0' }, hold: true },
      { kind: 'attempt', candidate: { model: 'm1' }, hold: true, byMs: 10_500 },
      { kind: 'deliver', reason: 'accepted' },
    ]);
    const whole = play(cascadeOf(terms()), three, [
      judged(false, takes(0, 100, 100)),
      judged(false, takes(0, 0, 100)),
      { kind: 'answered' },
    ]);
    expect(whole[2]).toEqual({ kind: 'attempt', candidate: three[2], byMs: 10_500, why: expect.any(String) });
    expect(whole[3]).toEqual({ kind: 'answer' });
  });

  test('goes only where waiting and prefill fit into the time that is left', () => {
    const pair = candidates(true, true);
    const second = (ms: number, atMs = 1000, more = {}) =>
      play(cascadeOf(terms()), pair, [judged(false, takes(0, ms), { atMs, ...more }), { kind: 'answered' }])[1];
    expect(second(9000)).toMatchObject({ kind: 'attempt', candidate: { model: 'm1' } });
    expect(second(9001)).toMatchObject({ kind: 'deliver', reason: 'no_time', why: 'm1: 9s predicted, 9s left' });
    expect(second(1, 10_000)).toMatchObject({ kind: 'deliver', reason: 'no_time' });
    // An answer that is not streamed begins with its last token.
    expect(second(5000, 1000, { streamed: false })).toMatchObject({ kind: 'attempt' });
    expect(second(5001, 1000, { streamed: false })).toMatchObject({ kind: 'deliver', reason: 'no_time' });
  });

  test('a middle tier takes over where the next or the best is too slow', () => {
    const second = (to: 'next' | 'best', ...times: readonly number[]) =>
      play(cascadeOf(terms({ to })), three, [judged(false, takes(0, ...times))])[1];
    expect(second('next', 9000, 100)).toMatchObject({ candidate: { model: 'm2' } });
    expect(second('best', 100, 100)).toMatchObject({ candidate: { model: 'm2' } });
    expect(second('best', 100, 9500)).toMatchObject({ candidate: { model: 'm1' }, hold: true });
    expect(second('best', 9500, 9500)).toMatchObject({ kind: 'deliver', reason: 'no_time' });
  });

  test('a prompt made shorter is asked with where the whole one is not in time, and no model takes the whole one', () => {
    const outlook = (...times: readonly (readonly [number, number | undefined])[]) =>
      takes(0, ...times.map(([ms]) => ms)).map((one, at) => {
        const ms = at === 0 ? undefined : times[at - 1]?.[1];
        return ms === undefined ? one : { ...one, compressed: { tokens: 200, ttftMs: ms, wholeMs: ms + 4000 } };
      });
    const second = (more: Partial<CascadeTerms>, ...times: readonly (readonly [number, number | undefined])[]) =>
      play(cascadeOf(terms({ compress: 1.5, ...more })), three, [judged(false, outlook(...times))])[1];
    const late = [20_000, undefined] as const;
    expect(second({}, [20_000, 2000], late)).toMatchObject({
      ...{ kind: 'attempt', candidate: { model: 'm1' }, compressed: true, hold: true, byMs: 10_500 },
      why: 'to m1 with 200 of 300 tokens: 6s predicted, 9s left',
    });
    // A middle tier with all of the prompt comes first, and nothing is left out unless that is allowed.
    expect(second({ to: 'best' }, [100, 100], [20_000, 100])).toMatchObject({ candidate: { model: 'm1' } });
    expect(second({ to: 'best' }, [100, 100], [20_000, 100])).not.toHaveProperty('compressed');
    expect(second({ compress: 1 }, [20_000, 100], late)).toMatchObject({ kind: 'deliver', reason: 'no_time' });
    expect(second({}, [20_000, 9500], late)).toMatchObject({ kind: 'deliver', reason: 'no_time' });
    // So does a bound on tokens that only the whole prompt is beyond.
    expect(second({ tokens: 750 }, [100, 100], late)).toMatchObject({ candidate: { model: 'm1' }, compressed: true });
    expect(cascadeOf(terms({ compress: 1.5 })).gamma).toBe(1.5);
    expect(cascadeOf(terms())).not.toHaveProperty('gamma');
  });

  test('what nothing is known of is asked while there is time, and always when told to', () => {
    const pair = candidates(true, true);
    const second = (more: Partial<CascadeTerms>, atMs: number, ms?: number) =>
      play(cascadeOf(terms(more)), pair, [judged(false, takes(0, ms), { atMs }), { kind: 'answered' }])[1];
    expect(second({}, 1000)).toMatchObject({ kind: 'attempt', byMs: 10_500 });
    expect(second({}, 10_000)).toMatchObject({ kind: 'deliver' });
    const always = second({ escalate: 'always' }, 99_000, 99_000);
    expect(always).toMatchObject({ kind: 'attempt' });
    expect(always).not.toHaveProperty('byMs');
  });

  test('stages, tokens and replicas are limits', () => {
    const second = (more: Partial<CascadeTerms>, outlook: Outlook[], tokens = 500) =>
      play(cascadeOf(terms(more)), three, [judged(false, outlook, { tokens })])[1];
    expect(second({ stages: 2 }, takes(0, 1, 1))).not.toHaveProperty('hold');
    expect(second({ tokens: 800 }, takes(0, 1, 1))).toMatchObject({ kind: 'attempt' });
    expect(second({ tokens: 799 }, takes(0, 1, 1))).toMatchObject({ kind: 'deliver', reason: 'tokens' });
    const none = takes(0, 1, 1).map(one => ({ ...one, feasible: false }));
    expect(second({}, none)).toMatchObject({ kind: 'deliver', reason: 'no_replica' });
    expect(second({}, [])).toMatchObject({ kind: 'deliver', reason: 'no_replica' });
  });

  test('falls back before there is an answer, and to the answer after', () => {
    const ways = [failed('upstream.connect'), failed('request.invalid', false), { kind: 'late' } as const];
    for (const way of ways) {
      const actions = play(cascadeOf(terms()), three, [failed('upstream.timeout'), judged(false, takes(0, 1, 1)), way]);
      expect(actions.map(action => (action.kind === 'attempt' ? action.candidate.model : action.kind))).toEqual([
        'm0',
        'm1',
        'm2',
        'deliver',
      ]);
    }
  });
});
