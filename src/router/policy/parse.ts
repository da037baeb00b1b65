import {
  type CompareNode,
  type Condition,
  type Expression,
  junction,
  OTHERWISE,
  RESERVED_WORDS,
} from './expression.js';
import { type ExpressionError, type Token, tokenize, Unparsable } from './tokens.js';

/** Longest expression, in characters. */
export const MAX_EXPRESSION = 4_096;
/** Deepest nesting of parentheses and `not`. */
export const MAX_DEPTH = 64;

export type ParseResult =
  | { readonly ok: true; readonly tree: Expression }
  | { readonly ok: false; readonly error: ExpressionError };

/** How tightly each word binds; a word that is not here joins nothing. */
const BINDING: Readonly<Record<string, number>> = { or: 1, and: 2, not: 3 };

/**
 * Parses an expression of the policy language:
 *
 * ```
 * expression = "otherwise" | condition
 * condition  = condition "or" condition | condition "and" condition | "not" condition | "(" condition ")" | leaf
 * leaf       = name [ (">" | ">=" | "<" | "<=") number | ("==" | "!=") (number | word | string) ]
 * ```
 *
 * `not` binds tighter than `and`, `and` tighter than `or`. The tree is frozen. Time is linear in the length, depth bounded.
 */
export function parseExpression(source: string): ParseResult {
  if (source.length > MAX_EXPRESSION) {
    const message = `an expression of ${source.length} characters; at most ${MAX_EXPRESSION} are taken`;
    return { ok: false, error: { message, offset: MAX_EXPRESSION } };
  }
  try {
    return { ok: true, tree: new Parser(tokenize(source)).expression() };
  } catch (cause) {
    if (cause instanceof Unparsable) return { ok: false, error: cause.error };
    throw cause;
  }
}

/** A Pratt parser: each token knows what it can begin and how tightly it binds to what stands before it. */
class Parser {
  private position = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  expression(): Expression {
    const first = this.peek();
    const isOtherwise = first.kind === 'name' && first.text === 'otherwise';
    if (isOtherwise) this.position++;
    const tree = isOtherwise ? OTHERWISE : this.condition(0);
    const rest = this.peek();
    if (rest.kind === 'end') return tree;
    if (isOtherwise) fail(rest, `otherwise stands alone, but ${spell(rest)} follows`);
    const joins = rest.kind === 'name' && rest.text !== 'not' && /^(and|or)$/i.test(rest.text);
    return fail(
      rest,
      `and, or or the end is expected here, not ${spell(rest)}`,
      joins ? rest.text.toLowerCase() : undefined,
    );
  }

  private condition(minBinding: number): Condition {
    let left = this.operand();
    for (;;) {
      const token = this.peek();
      if (token.kind !== 'name' || (token.text !== 'and' && token.text !== 'or')) return left;
      const kind = token.text;
      const binding = BINDING[kind] ?? 0;
      if (binding <= minBinding) return left;
      const parts = [left];
      // A chain of one operator is one node, so that a long one is not a deep one.
      while (this.takeWord(kind)) parts.push(this.condition(binding));
      left = junction(kind, parts);
    }
  }

  private operand(): Condition {
    const token = this.peek();
    this.position++;
    if (token.kind === '(') {
      const inner = this.nested(token, () => this.condition(0));
      const close = this.peek();
      if (close.kind !== ')') fail(close, `a closing parenthesis is expected here, not ${spell(close)}`);
      this.position++;
      return inner;
    }
    if (token.kind === 'name' && token.text === 'not') {
      const child = this.nested(token, () => this.condition(BINDING.not ?? 0));
      return Object.freeze({ kind: 'not', child });
    }
    if (token.kind !== 'name')
      return fail(token, `the name of a signal, not or ( is expected here, not ${spell(token)}`);
    if (!RESERVED_WORDS.has(token.text)) return this.leaf(token.text, token.offset);
    const hint = token.text === 'otherwise' ? 'otherwise alone, as the whole condition of a decision' : undefined;
    return fail(token, `the name of a signal, not or ( is expected here, not ${spell(token)}`, hint);
  }

  private leaf(name: string, offset: number): Condition {
    const token = this.peek();
    if (token.kind !== 'operator') return Object.freeze({ kind: 'signal', name, offset });
    this.position++;
    const value = this.peek();
    this.position++;
    const operator = token.text;
    const node = (literal: number | string): CompareNode =>
      Object.freeze({ kind: 'compare', name, operator, value: literal, offset, valueOffset: value.offset });
    if (value.kind === 'number') return node(value.value);
    const equality = operator === '==' || operator === '!=';
    if (equality && (value.kind === 'string' || (value.kind === 'name' && !RESERVED_WORDS.has(value.text))))
      return node(value.text);
    const expected = equality ? 'a number, word or string' : 'a number';
    const isState = value.kind === 'name' && (value.text === 'true' || value.text === 'false');
    const hint = isState ? `${(value.text === 'true') === (operator === '==') ? '' : 'not '}${name}` : undefined;
    return fail(value, `${expected} is expected after ${operator}, not ${spell(value)}`, hint);
  }

  private nested<T>(token: Token, parse: () => T): T {
    this.depth++;
    if (this.depth > MAX_DEPTH) fail(token, `nested deeper than ${MAX_DEPTH}`);
    const result = parse();
    this.depth--;
    return result;
  }

  private takeWord(word: string): boolean {
    const token = this.peek();
    const matches = token.kind === 'name' && token.text === word;
    if (matches) this.position++;
    return matches;
  }

  private peek(): Token {
    // The list ends in `end`, which nothing consumes without failing.
    return this.tokens[Math.min(this.position, this.tokens.length - 1)] as Token;
  }
}

function fail(token: Token, message: string, hint?: string): never {
  throw new Unparsable({ message, offset: token.offset, ...(hint === undefined ? undefined : { hint }) });
}

function spell(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'name':
    case 'operator':
      return token.text;
    case 'string':
      return `"${token.text}"`;
    case 'number':
      return String(token.value);
    default:
      return token.kind;
  }
}
