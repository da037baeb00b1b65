import type { Cancel, Clock } from '#contract/clock.js';
import type { Deadline } from '#contract/deadline.js';
import { WeirError } from '#contract/errors.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { InferenceRequest } from '#contract/request.js';
import type { Board, SignalEvaluator, SignalInput, SignalReading, SignalValue } from '#contract/signal.js';
import type { Milliseconds } from '#contract/units.js';
import { evidence } from './signals/evidence.js';
import type { SignalSet } from './signals/set.js';

export interface BoardOptions {
  readonly clock: Clock;
  /** How long {@link Board.compute} waits for one signal before it is unknown. */
  readonly deadlineMs: Milliseconds;
  /** Values that stand already, whatever the request says: for tests of a policy. */
  readonly given?: ReadonlyMap<string, SignalValue>;
}

/** A computation under way: one a signal, whoever asks. */
interface Pending {
  readonly value: Promise<SignalValue>;
  readonly startedAt: Milliseconds;
}

const PAST_DEADLINE: SignalValue = Object.freeze({ state: 'unknown', score: 0, evidence: 'deadline' });

/** The board of one request over a compiled set of signals. */
export class RequestBoard implements Board {
  private readonly values: (SignalReading | undefined)[];
  private readonly inOrder: SignalReading[] = [];
  private pending: Map<number, Pending> | undefined;
  private readonly evaluators: readonly SignalEvaluator[];
  /**
   * When the last inline signal was done, which is when the next one begins unless something was waited for in between: a signal's
   * time has in it the little that the policy did before it, and the clock is read half as often.
   */
  private doneAt: Milliseconds | undefined;

  constructor(
    readonly request: InferenceRequest,
    readonly profile: WorkloadProfile,
    private readonly signals: SignalSet,
    private readonly options: BoardOptions,
    /** Until when anything of the request is waited for. */
    readonly deadline: Deadline | undefined = undefined,
  ) {
    this.evaluators = signals.evaluators;
    this.values = new Array<SignalReading | undefined>(signals.evaluators.length).fill(undefined);
  }

  read(name: string): SignalValue | undefined {
    const index = this.indexOf(name);
    const known = this.values[index];
    if (known !== undefined) return known;
    const evaluator = this.evaluator(index);
    const given = this.options.given?.get(name);
    if (given !== undefined) return this.keep(index, evaluator, given, 0);
    if (evaluator.cost.tier === 'learned' || this.pending?.has(index) === true) return undefined;
    const { clock } = this.options;
    const startedAt = this.doneAt ?? clock.now();
    const value = this.start(evaluator);
    if (value instanceof Promise) {
      this.wait(index, value, startedAt);
      return undefined;
    }
    const doneAt = clock.now();
    this.doneAt = doneAt;
    return this.keep(index, evaluator, value, doneAt - startedAt);
  }

  async compute(names: readonly string[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (const name of names) {
      if (this.read(name) !== undefined) continue;
      const index = this.indexOf(name);
      if (this.pending?.has(index) === true || !this.atOnce(index)) asked.push(this.settle(index));
    }
    await Promise.all(asked);
    this.doneAt = undefined;
  }

  readings(): readonly SignalReading[] {
    return this.inOrder;
  }

  /** Computes a signal whose model may not be needed after all. @returns whether it was not. */
  private atOnce(index: number): boolean {
    const evaluator = this.evaluator(index);
    const startedAt = this.options.clock.now();
    const value = this.start(evaluator);
    if (value instanceof Promise) {
      this.wait(index, value, startedAt);
      return false;
    }
    this.keep(index, evaluator, value, this.options.clock.now() - startedAt);
    return true;
  }

  private async settle(index: number): Promise<void> {
    const evaluator = this.evaluator(index);
    const { clock, deadlineMs } = this.options;
    const pending = this.pending?.get(index);
    if (pending === undefined) throw new WeirError('internal.defect', 'a signal is waited for that was not begun');
    const { value, startedAt } = pending;
    let cancel: Cancel | undefined;
    const deadline = new Promise<SignalValue>(resolve => {
      cancel = clock.after(deadlineMs, () => resolve(PAST_DEADLINE));
    });
    const first = await Promise.race([value, deadline]);
    cancel?.();
    if (this.values[index] === undefined) this.keep(index, evaluator, first, clock.now() - startedAt);
  }

  private wait(index: number, value: Promise<SignalValue>, startedAt: Milliseconds): void {
    this.pending ??= new Map();
    this.pending.set(index, { value: value.catch(failed), startedAt });
  }

  private start(evaluator: SignalEvaluator): SignalValue | Promise<SignalValue> {
    try {
      return evaluator.evaluate(evaluator.cost.tier === 'learned' ? this.untilDeadline() : this);
    } catch (cause) {
      return failed(cause);
    }
  }

  /** What a signal is computed from that may have to wait: until when it is waited for stands beside it. */
  private untilDeadline(): SignalInput {
    const { request, profile, deadline, options } = this;
    const { clock, deadlineMs } = options;
    const at = clock.now() + deadlineMs;
    return {
      request,
      profile,
      deadline: {
        leftMs: () => Math.min(deadline?.leftMs() ?? Number.POSITIVE_INFINITY, Math.max(0, at - clock.now())),
      },
    };
  }

  private keep(index: number, evaluator: SignalEvaluator, value: SignalValue, ms: Milliseconds): SignalReading {
    const reading = readingOf(evaluator, value, ms);
    this.values[index] = reading;
    this.inOrder.push(reading);
    return reading;
  }

  private indexOf(name: string): number {
    const index = this.signals.indexOf(name);
    if (index === undefined) throw new WeirError('internal.unknown_signal', `no signal is named ${name}`);
    return index;
  }

  private evaluator(index: number): SignalEvaluator {
    const evaluator = this.evaluators[index];
    if (evaluator === undefined) throw new WeirError('internal.unknown_signal', `no signal has index ${index}`);
    return evaluator;
  }
}

/** Written out, because a literal with conditional spreads takes six times as long, and ten of these are made for a request. */
function readingOf({ name, type }: SignalEvaluator, value: SignalValue, ms: Milliseconds): SignalReading {
  const { state, score, label, evidence: said, tier } = value;
  if (tier !== undefined) return learnedReading(name, type, value, ms);
  if (label === undefined) {
    return said === undefined ? { name, type, state, score, ms } : { name, type, state, score, evidence: said, ms };
  }
  return said === undefined
    ? { name, type, state, score, label, ms }
    : { name, type, state, score, label, evidence: said, ms };
}

function learnedReading(name: string, type: string, value: SignalValue, ms: Milliseconds): SignalReading {
  const { state, score, label, evidence: said, tier } = value;
  return {
    name,
    type,
    state,
    score,
    ...(label === undefined ? undefined : { label }),
    ...(said === undefined ? undefined : { evidence: said }),
    ...(tier === undefined ? undefined : { tier }),
    ms,
  };
}

/** Evaluators do not throw for what a request contains; one that does is a defect, and its signal unknown rather than false. */
function failed(cause: unknown): SignalValue {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { state: 'unknown', score: 0, evidence: evidence(`failed: ${reason}`) };
}
