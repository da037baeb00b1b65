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
  const because = new Map<string, string>();
  for (const { leaf, value } of trace(node, read, treat).leaves) {
    if (because.size === MAX_LEAVES && !because.has(leaf.name)) return `${[...because.values()].join('; ')}; …`;
    because.set(leaf.name, describe(leaf, value));
  }
  return [...because.values()].join('; ');
}

interface ReadLeaf {
  readonly leaf: Leaf;
  readonly value: SignalValue | undefined;
}

interface Trace {
  readonly verdict: Verdict;
  readonly leaves: readonly ReadLeaf[];
}

function trace(node: Condition, read: Read, treat: Treat): Trace {
  switch (node.kind) {
    case 'signal':
    case 'compare': {
      const value = read(node.name);
      const verdict = leafVerdict(node, value);
      return { verdict: verdict === 'unknown' ? treatUnknown(treat) : verdict, leaves: [{ leaf: node, value }] };
    }
    case 'not': {
      const { verdict, leaves } = trace(node.child, read, negate(treat));
      return { verdict: verdict === 'true' ? 'false' : verdict === 'false' ? 'true' : verdict, leaves };
    }
    default:
      return traceJunction(node, read, treat);
  }
}

function traceJunction(node: JunctionNode, read: Read, treat: Treat): Trace {
  const decisive = node.kind === 'and' ? 'false' : 'true';
  const undecided: Treat = node.kind === 'and' ? 'as-true' : 'as-false';
  const all: ReadLeaf[] = [];
  const unknown: ReadLeaf[] = [];
  for (const child of node.children) {
    const { verdict, leaves } = trace(child, read, unknown.length > 0 ? undecided : treat);
    if (verdict === decisive) return { verdict, leaves };
    all.push(...leaves);
    if (verdict === 'unknown') unknown.push(...leaves);
  }
  if (unknown.length > 0) return { verdict: 'unknown', leaves: unknown };
  return { verdict: node.kind === 'and' ? 'true' : 'false', leaves: all };
}

function describe({ kind, name }: Leaf, value: SignalValue | undefined): string {
  if (value === undefined) return `${name} is not known yet`;
  const { state, score, label, evidence } = value;
  if (state === 'unknown') return evidence === undefined ? `${name} is unknown` : `${name} is unknown (${evidence})`;
  if (evidence !== undefined) return `${name}: ${evidence}`;
  return kind === 'signal' ? `${name} is ${state}` : `${name} is ${label ?? score}`;
}
