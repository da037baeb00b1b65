import type { AST } from '@eslint-community/regexpp';

/**
 * The only two characters beyond ASCII that are the same as an ASCII letter where case does not matter: the long s and the sign of
 * the kelvin.
 */
const LONG_S = '\u017f';
const KELVIN = '\u212a';

/** Whether the text has a character for which {@link spelledCases} does not hold. */
export function hasOddCases(text: string): boolean {
  return text.includes(LONG_S) || text.includes(KELVIN);
}

/** A piece of the source and what stands for it. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * The same pattern with both cases of its letters written out, `[iI][nN][vV]` for `inv`, so that it needs no `i` flag: with the
 * flags `i` and `u` together the platform looks at word boundaries fifty times as slowly. It matches the same texts, those
 * apart of which {@link hasOddCases} is true. `undefined` for a pattern with more in it than ASCII.
 */
export function spelledCases(pattern: AST.Pattern): string | undefined {
  const changes: Change[] = [];
  if (!inAlternatives(pattern.alternatives, changes)) return undefined;
  let source = '';
  let at = 0;
  for (const { from, to, text } of changes) {
    source += pattern.raw.slice(at, from) + text;
    at = to;
  }
  return source + pattern.raw.slice(at);
}

/** Collects the changes from left to right. @returns whether all of it could be written out. */
function inAlternatives(list: readonly AST.Alternative[], changes: Change[]): boolean {
  return list.every(({ elements }) => elements.every(element => inElement(element, changes)));
}

function inElement(element: AST.Element, changes: Change[]): boolean {
  switch (element.type) {
    case 'Group':
      return element.modifiers === null && inAlternatives(element.alternatives, changes);
    case 'CapturingGroup':
      return inAlternatives(element.alternatives, changes);
    case 'Quantifier':
      return inElement(element.element, changes);
    case 'Assertion':
      return 'alternatives' in element ? inAlternatives(element.alternatives, changes) : true;
    case 'CharacterSet':
      return element.kind !== 'property';
    case 'Character': {
      if (element.value > 127) return false;
      const other = otherCase(element.value);
      if (other !== undefined) changes.push({ from: element.start, to: element.end, text: `[${element.raw}${other}]` });
      return true;
    }
    case 'CharacterClass':
      return !element.unicodeSets && element.elements.every(member => inClass(member, changes));
    default:
      return false;
  }
}

/** A member of a class: what it is in the other case is put in behind it. */
function inClass(member: AST.ClassRangesCharacterClass['elements'][number], changes: Change[]): boolean {
  const behind = { from: member.end, to: member.end };
  switch (member.type) {
    case 'CharacterSet':
      return member.kind !== 'property';
    case 'Character': {
      if (member.value > 127) return false;
      const other = otherCase(member.value);
      if (other !== undefined) changes.push({ ...behind, text: other });
      // What is put in before a bare hyphen must not make a range with what stands after it.
      else if (member.raw === '-') changes.push({ from: member.start, to: member.end, text: '\\-' });
      return true;
    }
    default: {
      const [low, high] = [member.min.value, member.max.value];
      if (high > 127) return false;
      // A range that begins with a bare hyphen would join with a letter put in before it.
      if (member.min.raw === '-') changes.push({ from: member.min.start, to: member.min.end, text: '\\-' });
      for (let code = low; code <= high; code++) {
        const other = otherCase(code);
        if (other !== undefined) changes.push({ ...behind, text: other });
      }
      return true;
    }
  }
}

/** The letter in the other case; `undefined` for what is no ASCII letter. */
function otherCase(code: number): string | undefined {
  const lower = code | 32;
  return lower >= 97 && lower <= 122 ? String.fromCharCode(code ^ 32) : undefined;
}
