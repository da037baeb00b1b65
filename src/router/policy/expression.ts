/** A comparison operator of the policy language. */
export type Operator = '>' | '>=' | '<' | '<=' | '==' | '!=';

/** A signal by name: its state. */
export interface SignalNode {
  readonly kind: 'signal';
  readonly name: string;
  /** Where it stands in the source, in UTF-16 units from 0. */
  readonly offset: number;
}

/** A signal's score against a number, or its label against a word. */
export interface CompareNode {
  readonly kind: 'compare';
  readonly name: string;
  readonly operator: Operator;
  readonly value: number | string;
  readonly offset: number;
  /** Where the value stands. */
  readonly valueOffset: number;
}

export interface NotNode {
  readonly kind: 'not';
  readonly child: Condition;
}

/** `and` or `or` over two or more children, none of which is of the same kind. */
export interface JunctionNode {
  readonly kind: 'and' | 'or';
  readonly children: readonly Condition[];
}

export type Leaf = SignalNode | CompareNode;
export type Condition = Leaf | NotNode | JunctionNode;

/** What stands behind `when:`. Immutable: everything that works on it is a visitor in a file of its own. */
export type Expression = Condition | { readonly kind: 'otherwise' };

/** Words that cannot name a signal or stand as a bare value. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'otherwise',
  'true',
  'false',
  'unknown',
]);

export const OTHERWISE: Expression = Object.freeze({ kind: 'otherwise' });

/** `and` or `or` over children, taking in children of the same kind; a single child is itself. */
export function junction(kind: 'and' | 'or', parts: readonly Condition[]): Condition {
  const children = parts.flatMap(part => (part.kind === kind ? part.children : [part]));
  const [only] = children;
  return children.length === 1 && only !== undefined
    ? only
    : Object.freeze({ kind, children: Object.freeze(children) });
}
