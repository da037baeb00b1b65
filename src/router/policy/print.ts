import { type Condition, type Expression, RESERVED_WORDS } from './expression.js';

const WORD = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const BINDING = { or: 1, and: 2, not: 3 } as const;

/** An expression as text, with no more parentheses than it needs. Parsing the text gives the same tree, offsets aside. */
export function printExpression(tree: Expression): string {
  return tree.kind === 'otherwise' ? 'otherwise' : print(tree, 0);
}

function print(node: Condition, outer: number): string {
  switch (node.kind) {
    case 'signal':
      return node.name;
    case 'compare':
      return `${node.name} ${node.operator} ${printValue(node.value)}`;
    case 'not':
      return `not ${print(node.child, BINDING.not)}`;
    default: {
      const binding = BINDING[node.kind];
      const inner = node.children.map(child => print(child, binding)).join(` ${node.kind} `);
      return binding < outer ? `(${inner})` : inner;
    }
  }
}

function printValue(value: number | string): string {
  if (typeof value === 'number') return String(value);
  if (WORD.test(value) && !RESERVED_WORDS.has(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
