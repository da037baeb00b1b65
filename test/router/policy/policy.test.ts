import { describe, expect, test } from 'vitest';
import type { SignalCost } from '#contract/signal.js';
import { Policy } from '#router/policy/policy.js';
import { configured, FALSE, GivenBoard, TRUE, UNKNOWN } from '../support.js';

const INLINE: SignalCost = { tier: 'inline', microseconds: 1 };

function policy(...decisions: readonly Record<string, unknown>[]): Policy {
  const config = configured({ decisions: decisions.map(decision => ({ models: ['m'], ...decision })) });
  return new Policy(config.decisions, () => INLINE);
}

describe('which decision is taken', () => {
  test('tier upwards, priority downwards, file order, otherwise last', () => {
    const ordered = policy(
      { name: 'rest', when: 'otherwise', priority: 1000, tier: 0 },
      { name: 'late', when: 'a', tier: 2, priority: 99 },
      { name: 'plain', when: 'a' },
      { name: 'second', when: 'a', priority: 5 },
      { name: 'also', when: 'a', priority: 5 },
      { name: 'first', when: 'a', priority: 6 },
    );
    const result = ordered.decide(new GivenBoard({ a: FALSE }));
    expect(result).toMatchObject({ kind: 'decided', decision: 'rest' });
    expect(result.kind === 'decided' && result.reason.passed.map(({ decision }) => decision)).toEqual([
      'first',
      'second',
      'also',
      'plain',
      'late',
    ]);
    expect(ordered.decide(new GivenBoard({ a: TRUE }))).toMatchObject({ decision: 'first' });
  });

  test('none at all when nothing matches', () => {
    const result = policy({ name: 'x', when: 'a' }).decide(new GivenBoard({ a: FALSE }));
    expect(result).toEqual({
      kind: 'none',
      reason: { summary: 'no decision matched', passed: [{ decision: 'x', why: 'a is false' }] },
    });
  });

  test('the reason names condition and evidence', () => {
    const board = new GivenBoard({
      legal: { state: 'true', score: 1, evidence: '"indemnity"' },
      big: FALSE,
      french: { state: 'false', score: 0.98, label: 'de', evidence: 'de 0.98' },
    });
    const result = policy({ name: 'counsel', when: 'legal and (big or not french)' }).decide(board);
    expect(result).toMatchObject({
      reason: { summary: 'counsel: legal and (big or not french) - legal: "indemnity"; french: de 0.98' },
    });
  });

  test('what is told of a decision passed over is the same object while its reason is, and another when it is not', () => {
    const asked = policy({ name: 'x', when: 'a' }, { name: 'rest', when: 'otherwise' });
    const passed = (evidence: string) => {
      const result = asked.decide(new GivenBoard({ a: { ...FALSE, evidence } }));
      return result.kind === 'decided' ? result.reason.passed[0] : undefined;
    };
    const first = passed('no term found');
    expect(first).toEqual({ decision: 'x', why: 'a: no term found' });
    expect(passed('no term found')).toBe(first);
    expect(passed('turns 3')).toEqual({ decision: 'x', why: 'a: turns 3' });
    expect(passed('no term found')).toEqual(first);
  });

  test('at most 16 passed decisions are told of', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ name: `d${index}`, when: 'a' }));
    const result = policy(...many, { name: 'rest', when: 'otherwise' }).decide(new GivenBoard({ a: FALSE }));
    expect(result.kind === 'decided' && result.reason.passed).toHaveLength(16);
  });
});

describe('an unknown condition', () => {
  const decide = (on_unknown: string | undefined, when = 'spam') => {
    const board = new GivenBoard({ spam: { ...UNKNOWN, evidence: 'deadline' }, a: TRUE });
    const rest = { name: 'rest', when: 'otherwise' };
    return { result: policy({ name: 'guard', when, on_unknown }, rest).decide(board), board };
  };

  test('is passed over unless something else is said', () => {
    expect(decide(undefined).result).toMatchObject({
      decision: 'rest',
      reason: { passed: [{ decision: 'guard', why: 'spam is unknown (deadline)' }] },
    });
    expect(decide('skip', 'not spam').result).toMatchObject({ decision: 'rest' });
  });

  test('is taken with match', () => {
    expect(decide('match').result).toMatchObject({
      decision: 'guard',
      reason: { summary: 'guard: spam - spam is unknown (deadline)' },
    });
    expect(decide('match', 'not spam').result).toMatchObject({ decision: 'guard' });
  });

  test('refuses with refuse, and says for which signal', () => {
    const { result } = decide('refuse');
    expect(result).toMatchObject({
      kind: 'refused',
      decision: 'guard',
      error: { code: 'route.signal_unknown', status: 503 },
    });
    expect(result.kind === 'refused' && result.error.message).toContain('spam is unknown (deadline)');
    expect(decide('refuse', 'spam and a').result.kind).toBe('refused');
    expect(decide('refuse', 'spam or a').result).toMatchObject({ kind: 'decided', decision: 'guard' });
  });

  test('what unknown will be taken for decides how far a condition is followed', () => {
    expect(decide('skip', 'spam and a').board.reads).toEqual(['spam']);
    expect(decide('match', 'spam or a').board.reads).toEqual(['spam']);
    expect(decide('refuse', 'spam and a').board.reads).toEqual(['spam', 'a']);
  });
});

describe('signals that have to be computed', () => {
  const learned = (name: string): SignalCost => ({
    tier: name.startsWith('l') ? 'learned' : 'inline',
    microseconds: 1,
  });
  const config = configured({
    decisions: [
      { name: 'one', when: '(l1 and l2 or l3) and a', models: ['m'] },
      { name: 'two', when: 'l4 and b', models: ['m'] },
      { name: 'rest', when: 'otherwise', models: ['m'] },
    ],
  });
  const two = new Policy(config.decisions, learned);

  test('are asked for only while they matter, those of one decision together', async () => {
    const board = new GivenBoard({ a: TRUE, b: FALSE }, { l1: TRUE, l2: FALSE, l3: FALSE, l4: TRUE });
    expect(two.decide(board)).toEqual({ kind: 'needs', names: ['l3', 'l1', 'l2'] });
    await board.compute(['l1', 'l2', 'l3']);
    expect(two.decide(board)).toMatchObject({ kind: 'decided', decision: 'rest' });
  });

  test('are not asked for when inline signals settle it', () => {
    const board = new GivenBoard({ a: FALSE, b: FALSE }, { l1: TRUE, l2: TRUE, l3: TRUE, l4: TRUE });
    expect(two.decide(board)).toMatchObject({ kind: 'decided', decision: 'rest' });
  });

  test('names every signal of every decision once', () => {
    expect([...two.signals].sort()).toEqual(['a', 'b', 'l1', 'l2', 'l3', 'l4']);
  });
});
