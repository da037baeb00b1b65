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

/** The forms of tokens, tried in this order; a form that makes none is skipped over. */
const FORMS: readonly (readonly [RegExp, (match: RegExpExecArray, offset: number) => Token | undefined])[] = [
  [/\s+/y, () => undefined],
  [/[()]/y, ([text], offset) => ({ kind: text as '(' | ')', offset })],
  [/[A-Za-z_][A-Za-z0-9_.-]*/y, ([text], offset) => ({ kind: 'name', text, offset })],
  [
    /[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?([A-Za-z%]*)/y,
    (match, offset) => ({ kind: 'number', value: number(match, offset), offset }),
  ],
  [/"([^"]*)"|'([^']*)'/y, (match, offset) => ({ kind: 'string', text: match[1] ?? match[2] ?? '', offset })],
  [/>=|<=|==|!=|>|</y, ([text], offset) => ({ kind: 'operator', text: text as Operator, offset })],
];

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
  while (offset < source.length) {
    const start = offset;
    for (const [form, make] of FORMS) {
      form.lastIndex = start;
      const match = form.exec(source);
      if (match === null) continue;
      const token = make(match, start);
      if (token !== undefined) tokens.push(token);
      offset += match[0].length;
      break;
    }
    if (offset === start) throw new Unparsable(strange(source, offset));
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
  if (character === '"' || character === "'")
    return { message: `the string that begins here has no closing ${character}`, offset };
  const foreign = FOREIGN.find(([theirs]) => source.startsWith(theirs, offset));
  if (foreign === undefined) return { message: `${character} has no meaning here`, offset };
  return { message: `${foreign[0]} is not in this language`, hint: foreign[1], offset };
}
