import { parseTokens } from '#contract/units.js';
import type { Operator } from './expression.js';

/** A piece of an expression. */
export type Token = { readonly offset: number } & (
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: Operator }
  | { readonly kind: '(' | ')' | 'end' }
);

/** What is wrong with an expression and where. */
export interface ExpressionError {
  readonly message: string;
  /** In UTF-16 units from 0. */
  readonly offset: number;
  readonly hint?: string;
}

/** Raised inside the parser only; `parseExpression` turns it into a result. */
export class Unparsable extends Error {
  constructor(readonly error: ExpressionError) {
    super(error.message);
  }
}

const SPACE = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_.-]*/y;
const NUMBER = /[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?([A-Za-z%]*)/y;
const STRING = /"([^"]*)"|'([^']*)'/y;
const OPERATOR = />=|<=|==|!=|>|</y;

/** What people write who know another language, and what it is called here. */
const FOREIGN: readonly (readonly [string, string])[] = [
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['=', '=='],
  ['&', 'and'],
  ['|', 'or'],
];

/** Cuts an expression into tokens, the last of kind `end`. Throws {@link Unparsable}. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    return pattern.exec(source);
  };
  while (offset < source.length) {
    const start = offset;
    let match = take(SPACE);
    if (match !== null) {
      offset += match[0].length;
      continue;
    }
    const character = source.charAt(offset);
    if (character === '(' || character === ')') {
      tokens.push({ kind: character, offset });
      offset++;
    } else if ((match = take(NAME)) !== null) tokens.push({ kind: 'name', text: match[0], offset });
    else if ((match = take(NUMBER)) !== null) tokens.push({ kind: 'number', value: number(match, offset), offset });
    else if ((match = take(STRING)) !== null) tokens.push({ kind: 'string', text: match[1] ?? match[2] ?? '', offset });
    else if ((match = take(OPERATOR)) !== null) tokens.push({ kind: 'operator', text: match[0] as Operator, offset });
    else throw new Unparsable(strange(source, offset));
    if (match !== null) offset = start + match[0].length;
  }
  tokens.push({ kind: 'end', offset: source.length });
  return tokens;
}

function number(match: RegExpExecArray, offset: number): number {
  const [text, unit = ''] = match;
  const plain = Number(unit === '' ? text : text.slice(0, -unit.length));
  const value = unit === '' ? plain : plain * (parseTokens(`1${unit}`) ?? Number.NaN);
  if (Number.isNaN(value)) {
    throw new Unparsable({ message: `${text} is no number`, hint: 'a number such as 0.4, 8k or 1M', offset });
  }
  if (!Number.isFinite(value)) throw new Unparsable({ message: `${text} is too large`, offset });
  return value;
}

function strange(source: string, offset: number): ExpressionError {
  const character = String.fromCodePoint(source.codePointAt(offset) ?? 0);
  if (character === '"' || character === "'") return { message: `the string that begins here has no closing ${character}`, offset };
  const foreign = FOREIGN.find(([theirs]) => source.startsWith(theirs, offset));
  if (foreign === undefined) return { message: `${character} has no meaning here`, offset };
  return { message: `${foreign[0]} is not in this language`, hint: foreign[1], offset };
}
