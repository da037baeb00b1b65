import { z } from 'zod';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence, quoted } from './evidence.js';
import { Literals } from './literals.js';
import { compiledPattern, MAX_PATTERN_LENGTH, type SafePattern, safePattern } from './pattern.js';
import { MAX_SCANNED, type Piece, scopedText, scopeSchema } from './scope.js';
import type { OptionProblem, SignalType } from './signal-type.js';

const MAX_TERMS = 512;
const MAX_PATTERNS = 32;
/** Distinct terms counted at most. */
const MAX_SCORE = 64;
/** Typical time for one pattern, beside the literals, in microseconds. */
const PATTERN_MICROSECONDS = 8;

const terms = z.array(z.string().trim().min(1).max(200)).min(1).max(MAX_TERMS);

const schema = z
  .strictObject({
    any: terms.optional().describe('True when at least one of these terms (or of `regex`) is found.'),
    all: terms.optional().describe('True only when every one of these terms is found.'),
    none: terms.optional().describe('True only when none of these terms is found.'),
    regex: z
      .array(z.string().min(1).max(MAX_PATTERN_LENGTH))
      .min(1)
      .max(MAX_PATTERNS)
      .optional()
      .describe('Regular expressions that count like terms of `any`. Only what cannot run away on any text is taken.'),
    in: scopeSchema,
    case_sensitive: z.boolean().default(false).describe('Whether upper and lower case differ.'),
  })
  .refine(options => options.any ?? options.all ?? options.none ?? options.regex, {
    message: 'at least one of any, all, none, regex',
  });

type KeywordOptions = z.output<typeof schema>;

/** Words, phrases and patterns in the text. */
export const keyword: SignalType<KeywordOptions> = {
  type: 'keyword',
  summary: 'Words, phrases and regular expressions in the text.',
  scoreMeaning: `how many distinct terms and patterns were found, up to ${MAX_SCORE}`,
  cost: { tier: 'inline', microseconds: 3 },
  schema,
  check: options => patternProblems(options),
  build: (name, options) => {
    const found = new KeywordMatcher(options);
    const microseconds = keyword.cost.microseconds + PATTERN_MICROSECONDS * (options.regex?.length ?? 0);
    return {
      name,
      type: 'keyword',
      cost: { tier: 'inline', microseconds },
      evaluate: input => found.evaluate(input),
    };
  },
};

function patternProblems(options: KeywordOptions): OptionProblem[] {
  const problems: OptionProblem[] = [];
  for (const [index, source] of (options.regex ?? []).entries()) {
    const compiled = safePattern(source, options.case_sensitive);
    if (!('problem' in compiled)) continue;
    const { problem: message, ...detail } = compiled;
    problems.push({ code: 'config.unsafe_pattern', path: ['regex', index], message, ...detail });
  }
  return problems;
}

const NOT_FOUND: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'no term found' });
const NONE_FOUND: SignalValue = Object.freeze({ state: 'true', score: 0, evidence: 'none of the terms found' });

class KeywordMatcher {
  private readonly any: Literals | undefined;
  private readonly all: readonly Literals[];
  private readonly none: Literals | undefined;
  private readonly patterns: readonly SafePattern[];
  /** Empty but for the time of an evaluation: most find nothing, and a set for each would be most of what they allocate. */
  private readonly found = new Set<string>();

  constructor(private readonly options: KeywordOptions) {
    const sensitive = options.case_sensitive;
    this.any = options.any && new Literals(options.any, sensitive);
    this.all = (options.all ?? []).map(term => new Literals([term], sensitive));
    this.none = options.none && new Literals(options.none, sensitive);
    this.patterns = (options.regex ?? []).map(source => compiledPattern(source, sensitive));
  }

  evaluate({ request }: SignalInput): SignalValue {
    const { pieces, length, truncated } = scopedText(request, this.options.in);
    const banned = this.none && firstIn(this.none, pieces);
    if (banned !== undefined) return { state: 'false', score: 0, evidence: quoted(banned) };

    const { found } = this;
    if (found.size > 0) found.clear();
    const wantsAny = this.any !== undefined || this.patterns.length > 0;
    if (wantsAny) this.collectAny(pieces, found);
    const anyHolds = !wantsAny || found.size > 0;
    let missing: number | undefined;
    for (let index = 0; index < this.all.length; index++) {
      const match = firstIn(this.all[index]!, pieces);
      if (match === undefined) missing ??= index;
      else found.add(match.toLowerCase());
    }

    const holds = anyHolds && missing === undefined;
    // Presence is certain once seen; absence is not when part of the text was not read.
    if (truncated && (!holds || this.none !== undefined)) return unread(length, found.size);
    if (found.size === 0) return holds ? NONE_FOUND : NOT_FOUND;
    const said = missing === undefined || !anyHolds ? listed(found) : `no ${quoted(this.options.all?.[missing] ?? '')}`;
    return { state: holds ? 'true' : 'false', score: Math.min(found.size, MAX_SCORE), evidence: said };
  }

  private collectAny(pieces: readonly Piece[], found: Set<string>): void {
    const { any } = this;
    if (any !== undefined) {
      for (const piece of pieces) if (mayStand(any, piece)) any.collect(piece.text, found, MAX_SCORE);
    }
    for (const pattern of this.patterns) if (isIn(pattern, pieces)) found.add(`/${pattern.source}/`);
  }
}

function mayStand(literals: Literals, piece: Piece): boolean {
  return literals.mayStandIn(piece.utf8 ?? piece.text);
}

function isIn(pattern: SafePattern, pieces: readonly Piece[]): boolean {
  for (const { text } of pieces) if (pattern.test(text)) return true;
  return false;
}

function firstIn(literals: Literals, pieces: readonly Piece[]): string | undefined {
  for (const piece of pieces) {
    const match = mayStand(literals, piece) ? literals.first(piece.text) : undefined;
    if (match !== undefined) return match;
  }
  return undefined;
}

function listed(found: ReadonlySet<string>): string {
  const [one = '', two] = found;
  if (found.size === 1) return quoted(one);
  const rest = found.size > 2 ? ` and ${found.size - 2} more` : '';
  return evidence(`${quoted(one)}, ${quoted(two ?? '')}${rest}`);
}

function unread(length: number, score: number): SignalValue {
  const half = MAX_SCANNED / 2;
  return {
    state: 'unknown',
    score,
    evidence: `not in the first and last ${half} of ${length} characters; the rest is not read`,
  };
}
