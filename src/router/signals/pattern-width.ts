import type { AST } from '@eslint-community/regexpp';

/** How many characters (code points) a piece of a pattern takes. */
export interface Width {
  readonly least: number;
  /** With all that look-arounds look at; `Infinity` for what has no end. */
  readonly most: number;
}

const NOTHING: Width = { least: 0, most: 0 };
const ONE: Width = { least: 1, most: 1 };

/** How long what a pattern matches is, and how far it looks. */
export function widthOf(pattern: AST.Pattern): Width {
  return widest(pattern.alternatives);
}

function widest(list: readonly AST.Alternative[]): Width {
  const widths = list.map(({ elements }) => elements.map(elementWidth).reduce(joined, NOTHING));
  return { least: Math.min(...widths.map(({ least }) => least)), most: Math.max(...widths.map(({ most }) => most)) };
}

function joined(before: Width, after: Width): Width {
  return { least: before.least + after.least, most: before.most + after.most };
}

function elementWidth(element: AST.Element): Width {
  switch (element.type) {
    case 'Group':
    case 'CapturingGroup':
      return widest(element.alternatives);
    case 'Quantifier': {
      const { least, most } = elementWidth(element.element);
      return { least: least * element.min, most: most === 0 ? 0 : most * element.max };
    }
    case 'Assertion':
      return element.kind === 'lookahead' || element.kind === 'lookbehind'
        ? { least: 0, most: widest(element.alternatives).most }
        : NOTHING;
    case 'Backreference':
      return { least: 0, most: Number.POSITIVE_INFINITY };
    default:
      return ONE;
  }
}
