import type { SignalValue } from '#contract/signal.js';
import { leafVerdict, negate, type Read, type Treat, treatUnknown, type Verdict } from './evaluate.js';
import type { Condition, JunctionNode, Leaf } from './expression.js';

/** Most leaves that an explanation names. */
const MAX_LEAVES = 8;

/**
 * The leaves that made a condition come out as it did, in words: `legal: "indemnity"; french: de 0.98`. All children of an `and`
 * that holds, the one child that ended one that does not, those unknown when it is unknown; `or` the other way round. Walks as
 * {@link evaluate} does, so it reads no signal that evaluation has not read.
 */
export function explain(node: Condition, read: Read, treat: Treat): string {
  return inWords(decisiveLeaves(node, read, treat), read);
}

/** The leaves that {@link explain} puts into words. */
export function decisiveLeaves(node: Condition, read: Read, treat: Treat): readonly Leaf[] {
  const leaves: Leaf[] = [];
  trace(node, read, treat, leaves);
  return leaves;
}

export function inWords(leaves: readonly Leaf[], read: Read): string {
  const only = leaves[0];
  if (only !== undefined && leaves.length === 1) return describe(only, read(only.name));
  const because = new Map<string, string>();
  for (const leaf of leaves) {
    if (because.size === MAX_LEAVES && !because.has(leaf.name)) return `${[...because.values()].join('; ')}; …`;
    because.set(leaf.name, describe(leaf, read(leaf.name)));
  }
  return [...because.values()].join('; ');
}

/** Follows a condition to its verdict and adds the leaves that made it to `leaves`. */
function trace(node: Condition, read: Read, treat: Treat, leaves: Leaf[]): Verdict {
  switch (node.kind) {
    case 'signal':
    case 'compare': {
      const verdict = leafVerdict(node, read(node.name));
      leaves.push(node);
      return verdict === 'unknown' ? treatUnknown(treat) : verdict;
    }
    case 'not': {
      const verdict = trace(node.child, read, negate(treat), leaves);
      return verdict === 'true' ? 'false' : verdict === 'false' ? 'true' : verdict;
    }
    default:
      return traceJunction(node, read, treat, leaves);
  }
}

function traceJunction(node: JunctionNode, read: Read, treat: Treat, leaves: Leaf[]): Verdict {
  const decisive = node.kind === 'and' ? 'false' : 'true';
  const undecided: Treat = node.kind === 'and' ? 'as-true' : 'as-false';
  const mark = leaves.length;
  let unknown = false;
  for (const child of node.children) {
    const before = leaves.length;
    const verdict = trace(child, read, unknown ? undecided : treat, leaves);
    if (verdict === decisive || (verdict === 'unknown' && !unknown)) {
      // What the children before this one said no longer counts.
      if (before > mark) leaves.splice(mark, before - mark);
      if (verdict === decisive) return verdict;
      unknown = true;
    } else if (unknown && verdict !== 'unknown') leaves.length = before;
  }
  if (unknown) return 'unknown';
  return node.kind === 'and' ? 'true' : 'false';
}

function describe({ kind, name }: Leaf, value: SignalValue | undefined): string {
  if (value === undefined) return `${name} is not known yet`;
  const { state, score, label, evidence } = value;
  if (state === 'unknown') return evidence === undefined ? `${name} is unknown` : `${name} is unknown (${evidence})`;
  if (evidence !== undefined) return `${name}: ${evidence}`;
  return kind === 'signal' ? `${name} is ${state}` : `${name} is ${label ?? score}`;
}
