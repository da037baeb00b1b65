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

/** The values that a condition can still come out with, given what is pending: one bit each. A single bit is an answer. */
type Possible = number;
const TRUE: Possible = 1;
const FALSE: Possible = 2;
const UNKNOWN: Possible = 4;

/**
 * Evaluates a condition from left to right, reading a signal only while it can still change the answer.
 *
 * - `and` ends at the first false child, `or` at the first true one.
 * - Beside a child of `and` that can no longer be true, only *false* can make a difference, so the others are asked for no more
 *   than that (`or` likewise).
 * - A pending child does not stop the reading: a later sibling may decide without it.
 *
 * The answer equals evaluating everything and then treating unknown as asked (a property test holds it to that), except that it
 * is pending while it depends on a pending signal.
 *
 * @param needs receives the pending signals that the answer depends on, if it is pending; left as it was otherwise.
 */
export function evaluate(node: Condition, read: Read, treat: Treat, needs: string[]): Verdict {
  switch (possible(node, read, treat, needs)) {
    case TRUE:
      return 'true';
    case FALSE:
      return 'false';
    case UNKNOWN:
      return 'unknown';
    default:
      return 'pending';
  }
}

function possible(node: Condition, read: Read, treat: Treat, needs: string[]): Possible {
  switch (node.kind) {
    case 'signal':
    case 'compare': {
      const verdict = leafVerdict(node, read(node.name));
      if (verdict === 'true') return TRUE;
      if (verdict === 'false') return FALSE;
      const unknown = treat === 'as-unknown' ? UNKNOWN : treat === 'as-true' ? TRUE : FALSE;
      if (verdict === 'unknown') return unknown;
      needs.push(node.name);
      return TRUE | FALSE | unknown;
    }
    case 'not': {
      const child = possible(node.child, read, negate(treat), needs);
      return (child & UNKNOWN) | (child & TRUE ? FALSE : 0) | (child & FALSE ? TRUE : 0);
    }
    default:
      return possibleJunction(node, read, treat, needs);
  }
}

function possibleJunction(node: JunctionNode, read: Read, treat: Treat, needs: string[]): Possible {
  const decisive = node.kind === 'and' ? FALSE : TRUE;
  const neutral = node.kind === 'and' ? TRUE : FALSE;
  // All that is asked beside a child that can no longer be neutral: whether the others are decisive.
  const decisiveOnly: Treat = node.kind === 'and' ? 'as-true' : 'as-false';
  const mark = needs.length;
  let seen: Possible = 0;
  let stuck = -1;
  let index = 0;
  for (const child of node.children) {
    const can = possible(child, read, stuck === -1 ? treat : decisiveOnly, needs);
    if (can === decisive) {
      needs.length = mark;
      return decisive;
    }
    seen |= can;
    if (stuck === -1 && (can & neutral) === 0) stuck = index;
    index++;
  }
  if (stuck > 0 && needs.length > mark) {
    // Children before the one that is stuck were asked for more than is needed now.
    needs.length = mark;
    const again = possibleJunction(node, read, decisiveOnly, needs);
    return (again & decisive) | UNKNOWN;
  }
  const can = (seen & decisive) | (stuck === -1 ? neutral | (seen & UNKNOWN) : UNKNOWN);
  if (can === TRUE || can === FALSE || can === UNKNOWN) needs.length = mark;
  return can;
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
