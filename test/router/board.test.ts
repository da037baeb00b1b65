import { describe, expect, test } from 'vitest';
import type { Deadline } from '#contract/deadline.js';
import { isWeirError } from '#contract/errors.js';
import { NO_MODELS } from '#contract/learned.js';
import type { SignalEvaluator, SignalValue } from '#contract/signal.js';
import { RequestBoard } from '#router/board.js';
import { SignalSet } from '#router/signals/set.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { FALSE, profile, request, TRUE, UNKNOWN } from './support.js';

type Evaluate = SignalEvaluator['evaluate'];

/** A compiled set whose evaluators are replaced by the ones given: what the board does must not depend on real signals. */
function boardOf(
  evaluators: Record<string, { tier?: 'inline' | 'learned'; evaluate: Evaluate }>,
  given?: ReadonlyMap<string, SignalValue>,
  deadline?: Deadline,
) {
  const clock = new VirtualClock();
  const set = new SignalSet(
    Object.fromEntries(Object.keys(evaluators).map(name => [name, { type: 'context', options: { above: 1 } }])),
    { clock, learned: NO_MODELS },
  );
  const calls: string[] = [];
  for (const [name, { tier = 'inline', evaluate }] of Object.entries(evaluators)) {
    Object.assign(set.get(name) ?? {}, {
      type: 'fake',
      cost: { tier, microseconds: 1 },
      evaluate: (input: Parameters<Evaluate>[0]) => {
        calls.push(name);
        return evaluate(input);
      },
    });
  }
  const options = { clock, deadlineMs: 200, ...(given === undefined ? undefined : { given }) };
  return { board: new RequestBoard(request(), profile(), set, options, deadline), clock, calls };
}

describe('inline signals', () => {
  test('are computed on first read, once, and keep the order of reading', () => {
    const { board, calls } = boardOf({
      a: { evaluate: () => TRUE },
      b: { evaluate: () => FALSE },
      c: { evaluate: () => TRUE },
    });
    expect(board.readings()).toEqual([]);
    expect(board.read('b')).toMatchObject({ state: 'false' });
    expect(board.read('a')).toMatchObject({ state: 'true' });
    board.read('b');
    expect(calls).toEqual(['b', 'a']);
    expect(board.readings().map(({ name, type }) => [name, type])).toEqual([
      ['b', 'fake'],
      ['a', 'fake'],
    ]);
  });

  test('carry the time they took', () => {
    const clocked = boardOf({
      slow: {
        evaluate: () => {
          clocked.clock.advance(3);
          return TRUE;
        },
      },
    });
    clocked.board.read('slow');
    expect(clocked.board.readings()[0]?.ms).toBe(3);
  });

  test('what was waited for is in the time of no other signal', async () => {
    const { board, clock } = boardOf({
      before: { evaluate: () => TRUE },
      model: { tier: 'learned', evaluate: () => new Promise(() => undefined) },
      after: { evaluate: () => TRUE },
    });
    board.read('before');
    const computing = board.compute(['model']);
    clock.advance(200);
    await computing;
    board.read('after');
    expect(board.readings().map(({ name, ms }) => [name, ms])).toEqual([
      ['before', 0],
      ['model', 200],
      ['after', 0],
    ]);
  });

  test('one that throws is unknown, with the reason', () => {
    const { board } = boardOf({
      bad: {
        evaluate: () => {
          throw new Error('boom');
        },
      },
    });
    expect(board.read('bad')).toMatchObject({ state: 'unknown', evidence: 'failed: boom' });
  });

  test('one that turns out to need waiting is pending, and waited for in compute', async () => {
    let resolve: (value: SignalValue) => void = () => undefined;
    const { board, calls } = boardOf({ lazy: { evaluate: () => new Promise(done => (resolve = done)) } });
    expect(board.read('lazy')).toBeUndefined();
    expect(board.read('lazy')).toBeUndefined();
    const computing = board.compute(['lazy']);
    resolve(TRUE);
    await computing;
    expect(board.read('lazy')).toMatchObject({ state: 'true' });
    expect(calls).toEqual(['lazy']);
  });
});

describe('learned signals', () => {
  test('are never computed by reading, only by compute, side by side and once', async () => {
    const { board, calls, clock } = boardOf({
      x: { tier: 'learned', evaluate: () => Promise.resolve(TRUE) },
      y: { tier: 'learned', evaluate: () => FALSE },
      z: { tier: 'learned', evaluate: () => Promise.reject(new Error('no model')) },
    });
    expect(board.read('x')).toBeUndefined();
    expect(calls).toEqual([]);
    await Promise.all([board.compute(['x', 'y']), board.compute(['y', 'x', 'z'])]);
    expect(calls).toEqual(['x', 'y', 'z']);
    expect(board.read('x')).toMatchObject({ state: 'true' });
    expect(board.read('y')).toMatchObject({ state: 'false' });
    expect(board.read('z')).toMatchObject({ state: 'unknown', evidence: 'failed: no model' });
    expect(board.readings()).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  test('one that is late is unknown, and stays so when its value comes after all', async () => {
    let resolve: (value: SignalValue) => void = () => undefined;
    const { board, clock } = boardOf({
      late: { tier: 'learned', evaluate: () => new Promise(done => (resolve = done)) },
      quick: { tier: 'learned', evaluate: () => Promise.resolve(TRUE) },
    });
    const computing = board.compute(['late', 'quick']);
    await Promise.resolve();
    clock.advance(199);
    expect(board.read('late')).toBeUndefined();
    clock.advance(1);
    await computing;
    expect(board.read('late')).toMatchObject({ state: 'unknown', evidence: 'deadline' });
    resolve(TRUE);
    await Promise.resolve();
    expect(board.read('late')).toMatchObject({ state: 'unknown' });
    expect(board.read('quick')).toMatchObject({ state: 'true' });
    expect(board.readings().find(({ name }) => name === 'late')?.ms).toBe(200);
  });
});

test('a learned signal is told until when it is waited for: its own deadline, or until who asked has gone', () => {
  let gone = false;
  const told: (Deadline | undefined)[] = [];
  const evaluate: Evaluate = ({ deadline }) => {
    told.push(deadline);
    return new Promise(() => {});
  };
  const asker = { leftMs: () => (gone ? 0 : Number.POSITIVE_INFINITY) };
  const { board, clock } = boardOf({ a: { tier: 'learned', evaluate } }, undefined, asker);
  void board.compute(['a']);
  const [deadline] = told;
  expect(deadline?.leftMs()).toBe(200);
  clock.advance(150);
  expect(deadline?.leftMs()).toBe(50);
  gone = true;
  expect(deadline?.leftMs()).toBe(0);
  gone = false;
  clock.advance(60);
  expect(deadline?.leftMs()).toBe(0);
});

test('given values stand in for computing, learned ones too', () => {
  const given = new Map([
    ['a', UNKNOWN],
    ['l', TRUE],
  ]);
  const { board, calls } = boardOf(
    { a: { evaluate: () => TRUE }, l: { tier: 'learned', evaluate: () => FALSE } },
    given,
  );
  expect(board.read('a')).toMatchObject({ state: 'unknown' });
  expect(board.read('l')).toMatchObject({ state: 'true' });
  expect(calls).toEqual([]);
});

test('a signal that does not exist is an error', () => {
  const { board } = boardOf({});
  try {
    board.read('nobody');
    expect.unreachable();
  } catch (error) {
    expect(isWeirError(error) && error.code).toBe('internal.unknown_signal');
  }
});
