import type { AST } from '@eslint-community/regexpp';

/** How much backtracking a piece of a pattern can cause, counted from one start position. */
interface Work {
  /** Steps a backtracking matcher takes at most before it gives up or has tried all ways. */
  readonly steps: number;
  /** Ways in which the piece can match, each of which what follows may have to be tried with. */
  readonly ways: number;
}

const ONE: Work = { steps: 1, ways: 1 };
const NEVER_ENDING: Work = { steps: Number.POSITIVE_INFINITY, ways: Number.POSITIVE_INFINITY };
/** Repeats beyond this are not unrolled: the answer is far over any budget by then. */
const MAX_UNROLLED = 1_000;

/**
 * An upper bound on the steps a backtracking engine takes from one start position, whatever the text: `Infinity` for quantifiers
 * without an end and for back-references. A sequence multiplies ways, alternatives add them, a quantifier is unrolled, and a
 * look-around counts as one way because it is never re-entered.
 */
export function worstCaseSteps(pattern: AST.Pattern): number {
  return alternatives(pattern.alternatives).steps;
}

function alternatives(list: readonly AST.Alternative[]): Work {
  let steps = 0;
  let ways = 0;
  for (const one of list) {
    const work = sequence(one.elements);
    steps += work.steps;
    ways += work.ways;
  }
  return { steps, ways };
}

function sequence(elements: readonly AST.Element[]): Work {
  let steps = 1;
  let ways = 1;
  for (const element of elements) {
    const work = elementWork(element);
    steps += ways * work.steps;
    ways *= work.ways;
  }
  return { steps, ways };
}

function elementWork(element: AST.Element): Work {
  switch (element.type) {
    case 'Group':
    case 'CapturingGroup':
      return alternatives(element.alternatives);
    case 'Quantifier':
      return repeated(element);
    case 'Assertion':
      return element.kind === 'lookahead' || element.kind === 'lookbehind'
        ? { steps: alternatives(element.alternatives).steps, ways: 1 }
        : ONE;
    case 'Backreference':
      return NEVER_ENDING;
    default:
      return ONE;
  }
}

function repeated({ min, max, element }: AST.Quantifier): Work {
  if (max > MAX_UNROLLED) return NEVER_ENDING;
  const once = elementWork(element);
  let steps = 1;
  let ways = min === 0 ? 1 : 0;
  let waysSoFar = 1;
  for (let count = 1; count <= max; count++) {
    steps += waysSoFar * once.steps;
    waysSoFar *= once.ways;
    if (count >= min) ways += waysSoFar;
  }
  return { steps, ways };
}
