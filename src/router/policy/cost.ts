import type { SignalCost } from '#contract/signal.js';
import type { Condition, Expression } from './expression.js';
import { junction } from './expression.js';

/** What reading a condition is expected to cost: first whether a model has to run, then microseconds. */
interface ExpectedCost {
  readonly learned: boolean;
  readonly microseconds: number;
}

/** Share of the time that a junction has to go on past a child. Nothing is known beforehand, so even odds. */
const GOES_ON = 0.5;

/** The same expression with the children of every `and` and `or` ordered by expected cost: inline signals before learned ones. */
export function orderByCost(tree: Expression, costOf: (name: string) => SignalCost): Expression {
  return tree.kind === 'otherwise' ? tree : ordered(tree, costOf).condition;
}

interface Ordered {
  readonly condition: Condition;
  readonly cost: ExpectedCost;
}

function ordered(node: Condition, costOf: (name: string) => SignalCost): Ordered {
  switch (node.kind) {
    case 'signal':
    case 'compare': {
      const { tier, microseconds } = costOf(node.name);
      return { condition: node, cost: { learned: tier === 'learned', microseconds } };
    }
    case 'not': {
      const { condition: child, cost } = ordered(node.child, costOf);
      return { condition: Object.freeze({ kind: 'not', child }), cost };
    }
    default: {
      const children = node.children.map(child => ordered(child, costOf)).sort((a, b) => compare(a.cost, b.cost));
      const microseconds = children.reduceRight((rest, { cost }) => cost.microseconds + GOES_ON * rest, 0);
      return {
        condition: junction(
          node.kind,
          children.map(child => child.condition),
        ),
        cost: { learned: children.some(({ cost }) => cost.learned), microseconds },
      };
    }
  }
}

function compare(a: ExpectedCost, b: ExpectedCost): number {
  return a.learned === b.learned ? a.microseconds - b.microseconds : a.learned ? 1 : -1;
}
