import type { Expression, Leaf } from './expression.js';

/** All leaves of an expression, from left to right. */
export function leavesOf(tree: Expression): readonly Leaf[] {
  switch (tree.kind) {
    case 'otherwise':
      return [];
    case 'signal':
    case 'compare':
      return [tree];
    case 'not':
      return leavesOf(tree.child);
    default:
      return tree.children.flatMap(leavesOf);
  }
}

/** The signals that an expression names, each once, in order of first mention. */
export function signalsOf(tree: Expression): readonly string[] {
  return [...new Set(leavesOf(tree).map(leaf => leaf.name))];
}
