import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ErrorCode, WeirError } from '#contract/errors.js';
import type { Candidate } from '#contract/route.js';
import type { Outlook, Strategy, StrategyAction, StrategyEvent } from '#contract/strategy.js';

/** Candidates by whether they are eligible. */
export function candidates(...eligible: readonly boolean[]): Candidate[] {
  return eligible.map((one, index) => ({
    model: `m${index}`,
    score: -index,
    propensity: index === 0 ? 1 : 0,
    reason: 'r',
    eligible: one,
  }));
}

export function failed(code: ErrorCode, retryable = true): StrategyEvent {
  return { kind: 'failed', error: new WeirError(code, `the message of ${code}`), retryable };
}

/** An answer that was judged; how long each model would take from now, and what it has room for. */
export function judged(accepted: boolean, outlook: readonly Outlook[] = [], more: Partial<Judged> = {}): Judged {
  return { kind: 'judged', accepted, atMs: 1000, tokens: 500, streamed: true, outlook, ...more };
}

type Judged = Extract<StrategyEvent, { kind: 'judged' }>;

/** Answers are judged only where they are held back, and nothing is late that had no limit. */
function possible(event: StrategyEvent, action: StrategyAction): StrategyEvent {
  if (action.kind !== 'attempt') return event;
  if (event.kind === 'judged' && action.hold !== true) return { kind: 'answered' };
  if (event.kind === 'late' && action.byMs === undefined) return failed('upstream.timeout');
  return event;
}

/** Plays a strategy against a list of events, one after each attempt, until it ends or has taken `limit` steps. */
export function play<State>(
  strategy: Strategy<State>,
  given: readonly Candidate[],
  events: readonly StrategyEvent[],
  limit = 100,
) {
  const actions: StrategyAction[] = [];
  let state = strategy.start(given);
  let event: StrategyEvent = { kind: 'start' };
  for (let index = 0; index < limit; index++) {
    const step = strategy.step(state, event);
    actions.push(step.action);
    if (step.action.kind !== 'attempt') return actions;
    state = step.state;
    event = possible(events[index] ?? failed('upstream.connect'), step.action);
  }
  return actions;
}

const eligibility = fc.array(fc.boolean(), { maxLength: 8 });
const event = fc.oneof(
  fc.boolean().map(retryable => failed('upstream.status', retryable)),
  fc.constantFrom<StrategyEvent>({ kind: 'answered' }, { kind: 'late' }),
  fc
    .tuple(
      fc.boolean(),
      fc.array(fc.tuple(fc.boolean(), fc.option(fc.nat(20_000), { nil: undefined })), { maxLength: 8 }),
    )
    .map(([accepted, models]) =>
      judged(
        accepted,
        models.map(([feasible, ms], index) => ({
          ...{ model: `m${index}`, feasible, tokens: 100 },
          ...(ms === undefined
            ? undefined
            : { ttftMs: ms, wholeMs: 2 * ms, compressed: { tokens: 60, ttftMs: ms / 2, wholeMs: ms } }),
        })),
      ),
    ),
);

/** What holds of every strategy. */
export function strategyContract<State>(strategy: Strategy<State>): void {
  const { name } = strategy;

  test(`${name}: ends within one step more than there are candidates, whatever happens`, () => {
    fc.assert(
      fc.property(eligibility, fc.array(event, { maxLength: 12 }), (eligible, events) => {
        const actions = play(strategy, candidates(...eligible), events);
        expect(actions.length).toBeLessThanOrEqual(eligible.length + 1);
        expect(actions.at(-1)?.kind).not.toBe('attempt');
      }),
    );
  });

  test(`${name}: attempts eligible candidates only, and none twice`, () => {
    fc.assert(
      fc.property(eligibility, fc.array(event, { maxLength: 12 }), (eligible, events) => {
        const tried = play(strategy, candidates(...eligible), events).flatMap(action =>
          action.kind === 'attempt' ? [action.candidate] : [],
        );
        expect(tried.every(candidate => candidate.eligible)).toBe(true);
        expect(new Set(tried.map(({ model }) => model)).size).toBe(tried.length);
      }),
    );
  });

  test(`${name}: an answer ends it, and so does what is the request's own fault`, () => {
    expect(play(strategy, candidates(true, true), [{ kind: 'answered' }]).map(({ kind }) => kind)).toEqual([
      'attempt',
      'answer',
    ]);
    const [, refusal] = play(strategy, candidates(true, true), [failed('request.invalid', false)]);
    expect(refusal).toMatchObject({ kind: 'refuse', error: { code: 'request.invalid' } });
  });

  test(`${name}: an answer that was held back is never lost, and only such goes out`, () => {
    fc.assert(
      fc.property(eligibility, fc.array(event, { maxLength: 12 }), (eligible, events) => {
        const actions = play(strategy, candidates(...eligible), events);
        const last = actions.at(-1);
        const held = actions.slice(0, -1).some((action, i) => {
          const happened = events[i];
          return action.kind === 'attempt' && action.hold === true && happened?.kind === 'judged';
        });
        if (held) expect(['deliver', 'answer']).toContain(last?.kind);
        else expect(last?.kind).not.toBe('deliver');
      }),
    );
  });

  test(`${name}: with nothing eligible it refuses at once`, () => {
    for (const none of [[], [false, false]]) {
      expect(play(strategy, candidates(...none), [])).toMatchObject([
        { kind: 'refuse', error: { code: 'pool.no_replica' } },
      ]);
    }
  });

  test(`${name}: a step is a function of state and event alone`, () => {
    fc.assert(
      fc.property(eligibility, fc.array(event, { maxLength: 12 }), (eligible, events) => {
        let state = strategy.start(candidates(...eligible));
        let action: StrategyAction | undefined;
        for (const told of [{ kind: 'start' } as const, ...events]) {
          const happened = action === undefined ? told : possible(told, action);
          const before = JSON.stringify(state);
          const once = strategy.step(state, happened);
          const again = strategy.step(state, happened);
          expect(again.action.kind).toBe(once.action.kind);
          expect(again.state).toEqual(once.state);
          expect(JSON.stringify(state)).toBe(before);
          if (once.action.kind !== 'attempt') return;
          state = once.state;
          action = once.action;
        }
      }),
    );
  });
}
