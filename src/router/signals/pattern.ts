import { type AST, RegExpParser } from '@eslint-community/regexpp';
import { RE2JS } from 're2js';
import { WeirError } from '#contract/errors.js';
import { type Width, widthOf } from './pattern-width.js';
import { worstCaseSteps } from './pattern-work.js';
import { hasOddCases, spelledCases } from './spelled-cases.js';

/** Longest pattern taken, in characters. */
export const MAX_PATTERN_LENGTH = 512;
/** Steps from one start position up to which the platform's backtracking engine is trusted with a pattern. */
const MAX_BACKTRACKING = 512;
/** Instructions up to which the linear engine takes a pattern. */
const MAX_PROGRAM = 4_096;

/** A regular expression that cannot be made to run away. */
export interface SafePattern {
  readonly source: string;
  /** `backtracking`: the platform's own, its work bounded beforehand. `linear`: time proportional to the text, whatever the pattern. */
  readonly engine: 'backtracking' | 'linear';
  test(text: string): boolean;
  /** Where it matches, in order, none over another. */
  places(text: string): Iterable<{ readonly start: number; readonly end: number }>;
  /** How long its matches are; absent for what only the linear engine can read. */
  readonly width?: Width | undefined;
}

export interface UnsafePattern {
  readonly problem: string;
  readonly hint?: string;
  readonly offset?: number;
}

const parser = new RegExpParser({ ecmaVersion: 2024 });

/**
 * Compiles a regular expression safely: the platform's engine when the work from one start position is bounded (no quantifier
 * without an end, no back-reference, few ways to match), else RE2's algorithm in linear time. What neither can do is refused.
 */
export function safePattern(source: string, caseSensitive: boolean): SafePattern | UnsafePattern {
  if (source.length > MAX_PATTERN_LENGTH) {
    return { problem: `a regular expression of ${source.length} characters; at most ${MAX_PATTERN_LENGTH} are taken` };
  }
  const parsed = parse(source);
  if (parsed.tree !== undefined && parsed.steps <= MAX_BACKTRACKING) {
    return backtracking(source, caseSensitive, parsed.tree);
  }
  return linear(source, caseSensitive, parsed);
}

/** @throws WeirError `config.unsafe_pattern` for what {@link safePattern} refuses. */
export function compiledPattern(source: string, caseSensitive: boolean): SafePattern {
  const compiled = safePattern(source, caseSensitive);
  if ('problem' in compiled) throw new WeirError('config.unsafe_pattern', `${source}: ${compiled.problem}`);
  return compiled;
}

interface Parsed {
  readonly steps: number;
  readonly tree?: AST.Pattern;
  readonly error?: { readonly message: string; readonly offset: number };
}

function parse(source: string): Parsed {
  try {
    const tree = parser.parsePattern(source, 0, source.length, { unicode: true });
    return { steps: worstCaseSteps(tree), tree };
  } catch (cause) {
    // Not the platform's dialect, but it may yet be RE2's: `(?i)`, `\z`, `[[:alpha:]]`.
    const { message, index } = cause as { message: string; index?: number };
    const short = message.replace(/^Invalid regular expression: \/.*\/u?: /s, '');
    return { steps: Number.POSITIVE_INFINITY, error: { message: short, offset: Math.min(index ?? 0, source.length) } };
  }
}

function backtracking(source: string, caseSensitive: boolean, tree: AST.Pattern): SafePattern {
  const flags = caseSensitive ? 'u' : 'iu';
  const pattern = new RegExp(source, flags);
  const spelled = caseSensitive ? undefined : spelledCases(tree);
  const quick = spelled === undefined ? undefined : new RegExp(spelled, 'u');
  const every = new RegExp(source, `g${flags}`);
  return {
    source,
    engine: 'backtracking',
    test: text => (quick === undefined || hasOddCases(text) ? pattern.test(text) : quick.test(text)),
    *places(text) {
      for (const { 0: match, index: start } of text.matchAll(every)) yield { start, end: start + match.length };
    },
    width: widthOf(tree),
  };
}

function linear(source: string, caseSensitive: boolean, parsed: Parsed): SafePattern | UnsafePattern {
  try {
    const dialect = parsed.error === undefined ? RE2JS.translateRegExp(source) : source;
    const pattern = RE2JS.compile(dialect, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
    if (pattern.programSize() > MAX_PROGRAM) {
      return { problem: 'too large once its repeats are written out', hint: 'smaller repeat counts' };
    }
    return {
      source,
      engine: 'linear',
      test: text => pattern.test(text),
      *places(text) {
        const matcher = pattern.matcher(text);
        while (matcher.find()) yield { start: matcher.start(), end: matcher.end() };
      },
      width: parsed.tree && widthOf(parsed.tree),
    };
  } catch (cause) {
    if (parsed.error !== undefined) return { problem: parsed.error.message, offset: parsed.error.offset };
    const reason = (cause as Error).message.replace(/^error parsing regexp: /, '');
    return {
      problem: `could take very long on some texts, and the linear-time engine does not know it either (${reason})`,
      hint: 'bounded repeats such as {0,20} in place of * and +, no back-references, look-arounds only around bounded patterns',
    };
  }
}
