import type { SignalValue } from '#contract/signal.js';
import type { CompareNode, Condition, JunctionNode, Leaf } from './expression.js';

/** Kleene's three values, and *pending*: not known yet, a model has to run first. */
export type Verdict = 'true' | 'false' | 'unknown' | 'pending';

/**
 * What whoever asks will make of *unknown*. When it is all the same to them as true (or as false), a condition need not be
 * followed to the point where the two part, and signals that could only tell them apart are not read.
 */
export type Treat = 'as-unknown' | 'as-true' | 'as-false';

/** Where values come from; `undefined` is pending. */
export type Read = (name: string) => SignalValue | undefined;

/**
 * Evaluates a condition from left to right, reading a signal only while it can still change the answer.
 *
 * - `and` ends at the first false child, `or` at the first true one.
 * - After an unknown child of `and`, only *false* can change the answer, so the rest is asked for no more than that (`or` likewise).
 * - A pending child does not stop the reading: a later sibling may decide without it.
 *
 * The answer equals evaluating everything and then treating unknown as asked (a property test holds it to that), except that it
 * is pending while it depends on a pending signal.
 *
 * @param needs receives the pending signals that the answer depends on, if it is pending; left as it was otherwise.
 */
export function evaluate(node: Condition, read: Read, treat: Treat, needs: string[]): Verdict {
  switch (node.kind) {
    case 'signal':
    case 'compare': {
      const verdict = leafVerdict(node, read(node.name));
      if (verdict === 'pending') needs.push(node.name);
      return verdict === 'unknown' ? treatUnknown(treat) : verdict;
    }
    case 'not': {
      const verdict = evaluate(node.child, read, negate(treat), needs);
      return verdict === 'true' ? 'false' : verdict === 'false' ? 'true' : verdict;
    }
    default:
      return evaluateJunction(node, read, treat, needs);
  }
}

function evaluateJunction(node: JunctionNode, read: Read, treat: Treat, needs: string[]): Verdict {
  const decisive = node.kind === 'and' ? 'false' : 'true';
  // Once a child is unknown, what is not decisive makes no difference: treat it as the other value.
  const undecided: Treat = node.kind === 'and' ? 'as-true' : 'as-false';
  const mark = needs.length;
  let unknown = false;
  let pending = false;
  for (const child of node.children) {
    const verdict = evaluate(child, read, unknown ? undecided : treat, needs);
    if (verdict === decisive) {
      needs.length = mark;
      return decisive;
    }
    if (verdict === 'unknown') unknown = true;
    else if (verdict === 'pending') pending = true;
  }
  if (!pending) return unknown ? 'unknown' : node.kind === 'and' ? 'true' : 'false';
  if (!unknown) return 'pending';
  // Children that were pending before the unknown one was seen may be settled now that less is asked of them.
  needs.length = mark;
  const verdict = evaluateJunction(node, read, undecided, needs);
  return verdict === 'pending' || verdict === decisive ? verdict : 'unknown';
}

/** What a leaf says of a signal's value. */
export function leafVerdict(leaf: Leaf, value: SignalValue | undefined): Verdict {
  if (value === undefined) return 'pending';
  if (leaf.kind === 'signal' || value.state === 'unknown') return value.state;
  return holds(leaf, value) ? 'true' : 'false';
}

function holds({ operator, value: wanted }: CompareNode, { score, label }: SignalValue): boolean {
  if (typeof wanted === 'string') return (label === wanted) === (operator === '==');
  switch (operator) {
    case '>':
      return score > wanted;
    case '>=':
      return score >= wanted;
    case '<':
      return score < wanted;
    case '<=':
      return score <= wanted;
    case '==':
      return score === wanted;
    default:
      return score !== wanted;
  }
}

export function treatUnknown(treat: Treat): 'true' | 'false' | 'unknown' {
  return treat === 'as-unknown' ? 'unknown' : treat === 'as-true' ? 'true' : 'false';
}

export function negate(treat: Treat): Treat {
  return treat === 'as-unknown' ? treat : treat === 'as-true' ? 'as-false' : 'as-true';
}
