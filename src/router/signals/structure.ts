import { z } from 'zod';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence } from './evidence.js';
import { type ScopedTexts, scopedTexts, scopeSchema } from './scope.js';
import type { OptionProblem, SignalType } from './signal-type.js';
import { countIn, type Finder } from './structure/finder.js';
import { PatternFinder } from './structure/pattern-finder.js';
import { finderOf, type Source, sourceProblems, sourceSchema, stepSchema } from './structure/sources.js';
import { notAllRead, whereIs } from './text/where.js';
import { countWords } from './text/word-count.js';

const MAX_STEPS = 16;

const schema = z
  .strictObject({
    count: sourceSchema.optional().describe('How often this occurs.'),
    exists: sourceSchema.optional().describe('Whether this occurs.'),
    density: sourceSchema
      .optional()
      .describe('How often this occurs to a word; a character of Chinese or Japanese is a word.'),
    sequence: z
      .array(stepSchema)
      .min(2)
      .max(MAX_STEPS)
      .optional()
      .describe('Whether these occur one after the other, in this order, whatever stands between.'),
    above: z.number().min(0).optional().describe('Count or density above which it is true. 0 unless said.'),
    below: z.number().min(0).optional().describe('Count or density below which it is true.'),
    in: scopeSchema,
    case_sensitive: z.boolean().default(false).describe('Whether upper and lower case differ in keywords and regex.'),
  })
  .refine(options => KINDS.filter(kind => options[kind] !== undefined).length === 1, {
    message: 'exactly one of count, exists, density, sequence',
  })
  .refine(
    ({ exists, sequence, above, below }) => (exists ?? sequence) === undefined || (above ?? below) === undefined,
    {
      message: 'above and below stand only with count or density',
    },
  );

const KINDS = ['count', 'exists', 'density', 'sequence'] as const;

type StructureOptions = z.output<typeof schema>;

/** How the text is made. */
export const structure: SignalType<StructureOptions> = {
  type: 'structure',
  summary:
    'How the text is made: counts, density and order of questions, code, lists, steps, URLs, digits, words and more.',
  scoreMeaning: 'the count; the density to a word; 1 or 0 for exists; how many steps of a sequence were found in order',
  cost: { tier: 'inline', microseconds: 5 },
  schema,
  check: problemsOf,
  build: (name, options) => {
    const evaluate = evaluatorOf(options);
    return {
      name,
      type: 'structure',
      cost: structure.cost,
      evaluate: ({ request }: SignalInput) => evaluate(scopedTexts(request, options.in)),
    };
  },
};

function problemsOf(options: StructureOptions): OptionProblem[] {
  const { case_sensitive: caseSensitive, sequence = [] } = options;
  const single = KINDS.flatMap(kind => {
    const source = kind === 'sequence' ? undefined : options[kind];
    return source === undefined ? [] : sourceProblems(source, caseSensitive, [kind]);
  });
  const steps = sequence.flatMap((step, index) => sourceProblems(step, caseSensitive, ['sequence', index]));
  return [...single, ...steps, ...rangeProblems(options)];
}

function rangeProblems({ count, density, above, below }: StructureOptions): OptionProblem[] {
  if (density === 'uppercase' && above !== undefined && above >= 1) {
    return [{ code: 'config.range', path: ['above'], message: 'no text has more words in capitals than words' }];
  }
  if (below === undefined) return [];
  const least = above === undefined ? 0 : count === undefined ? above : Math.floor(above) + 1;
  if (least < below) return [];
  const message = above === undefined ? `nothing is below ${below}` : `nothing is above ${above} and below ${below}`;
  return [{ code: 'config.range', path: ['below'], message }];
}

type Evaluate = (scoped: ScopedTexts) => SignalValue;

function evaluatorOf(options: StructureOptions): Evaluate {
  const { count, exists, density, sequence = [], case_sensitive: caseSensitive } = options;
  if (sequence.length > 0) return inOrder(sequence.flatMap(step => finderOf(step, caseSensitive) ?? []));
  if (exists !== undefined) return occurring(nameOf(exists), finderOf(exists, caseSensitive) ?? WORDS);
  const source = count ?? density ?? 'words';
  const finder = finderOf(source, caseSensitive);
  const { above = options.below === undefined ? 0 : Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } =
    options;
  const holds = (score: number) => score > above && score < below;
  return count === undefined
    ? dense(nameOf(source), finder, holds)
    : counted(nameOf(source), finder, holds, below === Number.POSITIVE_INFINITY);
}

const WORDS = new PatternFinder('[\\p{L}\\p{N}]', 'u');

function counted(
  name: string,
  finder: Finder | undefined,
  holds: (score: number) => boolean,
  upwards: boolean,
): Evaluate {
  return scoped => {
    const score = total(finder, scoped);
    const is = holds(score);
    // What was not read can only add to a count.
    if (scoped.truncated && !(is && upwards)) return { state: 'unknown', score, evidence: notAllRead(scoped) };
    return { state: is ? 'true' : 'false', score, evidence: `${name} ${score}` };
  };
}

function dense(name: string, finder: Finder | undefined, holds: (score: number) => boolean): Evaluate {
  return scoped => {
    const words = total(undefined, scoped);
    const found = finder === undefined ? words : total(finder, scoped);
    const score = words === 0 ? 0 : Math.round((found / words) * 1e4) / 1e4;
    const said = `${name} ${found} in ${words} words${scoped.truncated ? ', of the part that is read' : ''}`;
    return { state: holds(score) ? 'true' : 'false', score, evidence: said };
  };
}

function occurring(name: string, finder: Finder): Evaluate {
  const absent: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: `no ${name}` });
  return scoped => {
    let base = 0;
    for (const text of scoped.texts) {
      finder.begin(text);
      const at = finder.next(0);
      finder.begin('');
      if (at >= 0) return { state: 'true', score: 1, evidence: `${name} at ${whereIs(base + at, scoped)}` };
      base += text.length;
    }
    return scoped.truncated ? { state: 'unknown', score: 0, evidence: notAllRead(scoped) } : absent;
  };
}

/** Each step is taken as early as it can be, which leaves the most for those after it. */
function inOrder(steps: readonly Finder[]): Evaluate {
  return scoped => {
    let score = 0;
    let places = '';
    let base = 0;
    for (const text of scoped.texts) {
      let found = 0;
      let from = 0;
      let here = '';
      for (const step of steps) {
        step.begin(text);
        const at = step.next(from);
        if (at >= 0) {
          from = step.end;
          here += `${found === 0 ? ' at ' : ', '}${whereIs(base + at, scoped)}`;
          found++;
        }
        step.begin('');
        if (at < 0) break;
      }
      if (found > score) {
        score = found;
        places = here;
      }
      if (score === steps.length) break;
      base += text.length;
    }
    const said = evidence(`${score} of ${steps.length} in order${places}`);
    if (score === steps.length) return { state: 'true', score, evidence: said };
    return scoped.truncated
      ? { state: 'unknown', score, evidence: notAllRead(scoped) }
      : { state: 'false', score, evidence: said };
  };
}

function total(finder: Finder | undefined, { texts }: ScopedTexts): number {
  let sum = 0;
  for (const text of texts) sum += finder === undefined ? countWords(text) : countIn(finder, text);
  return sum;
}

function nameOf(source: Source): string {
  if (typeof source === 'string') return source;
  return source.keywords === undefined ? 'matches' : 'terms';
}
