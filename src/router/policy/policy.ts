import { WeirError } from '#contract/errors.js';
import type { DecisionReason } from '#contract/route.js';
import type { Board, SignalCost } from '#contract/signal.js';
import { orderByCost } from './cost.js';
import { evaluate, type Read, type Treat } from './evaluate.js';
import { explain } from './explain.js';
import type { Expression } from './expression.js';
import { parseExpression } from './parse.js';
import { PassedOver } from './passed-over.js';
import { printExpression } from './print.js';
import { signalsOf } from './references.js';
import type { DecisionConfig } from './schema.js';

/** Most decisions that a reason tells of as passed over. */
const MAX_PASSED = 16;
/** Longest condition and longest summary that a reason quotes, in characters. */
const MAX_CONDITION = 160;
const MAX_SUMMARY = 400;

/** What the policy says to a request. */
export type PolicyResult =
  | { readonly kind: 'decided'; readonly decision: string; readonly reason: DecisionReason }
  /** A signal is unknown and the decision that asks for it says to refuse then. */
  | { readonly kind: 'refused'; readonly decision: string; readonly reason: DecisionReason; readonly error: WeirError }
  /** These signals have to be computed before the answer is known; ask again then. */
  | { readonly kind: 'needs'; readonly names: readonly string[] }
  /** No decision matched. */
  | { readonly kind: 'none'; readonly reason: DecisionReason };

/** A decision with its condition compiled. */
interface Compiled {
  readonly name: string;
  readonly onUnknown: DecisionConfig['on_unknown'];
  readonly treat: Treat;
  readonly condition: Expression;
  readonly printed: string;
  /** Absent for `otherwise`, which no request is passed over by. */
  readonly passedOver: PassedOver | undefined;
}

/** What is the same as *unknown* for each way of meeting it: a decision that is skipped either way need not know which. */
export const TREAT: Readonly<Record<DecisionConfig['on_unknown'], Treat>> = {
  match: 'as-true',
  skip: 'as-false',
  refuse: 'as-unknown',
};

type Ranked = Pick<DecisionConfig, 'tier' | 'priority' | 'when'>;

/** Decisions in the order in which they are asked: tier upwards, priority downwards, file order; `otherwise` last of all. */
export function rankDecisions<T extends Ranked>(decisions: readonly T[]): readonly T[] {
  const last = (one: T) => (one.when.trim() === 'otherwise' ? 1 : 0);
  return [...decisions].sort((a, b) => last(a) - last(b) || a.tier - b.tier || b.priority - a.priority);
}

/** The decisions of a configuration, compiled and in order. The first that matches is taken. */
export class Policy {
  private readonly decisions: readonly Compiled[];
  /** Every signal that some decision names. */
  readonly signals: readonly string[];

  /** @throws WeirError `policy.syntax` when a condition cannot be parsed, which `checkRouter` reports beforehand. */
  constructor(decisions: readonly DecisionConfig[], costOf: (name: string) => SignalCost) {
    this.decisions = rankDecisions(decisions).map(({ name, when, on_unknown }) => {
      const parsed = parseExpression(when);
      if (!parsed.ok) throw new WeirError('policy.syntax', `${name}: ${parsed.error.message}`);
      const condition = orderByCost(parsed.tree, costOf);
      const treat = TREAT[on_unknown];
      return {
        name,
        onUnknown: on_unknown,
        treat,
        condition,
        printed: cut(printExpression(parsed.tree), MAX_CONDITION),
        passedOver:
          condition.kind === 'otherwise'
            ? undefined
            : new PassedOver(name, condition, treat, why => cut(why, MAX_CONDITION)),
      };
    });
    this.signals = [...new Set(this.decisions.flatMap(({ condition }) => signalsOf(condition)))];
  }

  /**
   * Asks the decisions in order, each only as far as its answer needs. Synchronous: when a signal that still matters has to be
   * computed first, it says which, and is asked again afterwards; what was read is remembered by the board.
   */
  decide(board: Board): PolicyResult {
    const read: Read = name => board.read(name);
    const needs: string[] = [];
    const passed: DecisionReason['passed'][number][] = [];
    for (const decision of this.decisions) {
      const { name, condition, treat, passedOver } = decision;
      if (condition.kind === 'otherwise') {
        return { kind: 'decided', decision: name, reason: { summary: `${name}: otherwise`, passed } };
      }
      const verdict = evaluate(condition, read, treat, needs);
      if (verdict === 'pending') return { kind: 'needs', names: [...new Set(needs)] };
      if (verdict === 'false') {
        if (passed.length < MAX_PASSED && passedOver !== undefined) passed.push(passedOver.tell(read));
        continue;
      }
      const because = explain(condition, read, treat);
      const reason = { summary: summarise(decision, because), passed };
      if (verdict === 'true') return { kind: 'decided', decision: name, reason };
      const error = new WeirError(
        'route.signal_unknown',
        `${name} needs signals that could not be computed: ${because}`,
      );
      return { kind: 'refused', decision: name, reason, error };
    }
    return { kind: 'none', reason: { summary: 'no decision matched', passed } };
  }
}

function summarise({ name, printed }: Compiled, because: string): string {
  return cut(`${name}: ${printed} - ${because}`, MAX_SUMMARY);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
