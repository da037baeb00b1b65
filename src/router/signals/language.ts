import { z } from 'zod';
import { share } from '#contract/schema.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { fromUtf8 } from '#contract/wire-text.js';
import { evidence } from './evidence.js';
import { LANGUAGES } from './language-codes.js';
import { guessLanguage, LANGUAGE_SAMPLE, loadLanguages } from './language-guess.js';
import type { LanguageGuess } from './language-model.js';
import { type Piece, scopedText, scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';

const DEFAULT_CONFIDENCE = 0.5;

const code = z.enum(LANGUAGES as [string, ...string[]]).meta({ title: 'language' });
const codes = z.array(code).min(1).max(LANGUAGES.length);

const schema = z
  .union([
    code,
    codes,
    z.strictObject({
      any: codes
        .optional()
        .describe('True when the text is in one of these languages; without it, in any that is recognised.'),
      min_confidence: share.default(DEFAULT_CONFIDENCE).describe('Probability below which the language is unknown.'),
      in: scopeSchema,
    }),
  ])
  .meta({ examples: ['fr', ['fr', 'it'], { any: ['fr'], min_confidence: 0.7 }] });

type LanguageOptions = z.output<typeof schema>;

/** The language of the text. */
export const language: SignalType<LanguageOptions> = {
  type: 'language',
  summary: `The language of the text, of ${LANGUAGES.length}.`,
  scoreMeaning: 'probability of the likeliest language; 1 where the script alone tells',
  labelMeaning: 'code of the likeliest language',
  labels: LANGUAGES,
  cost: { tier: 'inline', microseconds: 20 },
  schema,
  build: (name, options) => {
    const full = typeof options === 'string' ? { any: [options] } : Array.isArray(options) ? { any: options } : options;
    const wanted = full.any === undefined ? undefined : new Set(full.any);
    const minConfidence = 'min_confidence' in full ? full.min_confidence : DEFAULT_CONFIDENCE;
    const scope = 'in' in full ? full.in : 'last_user';

    const judge = ({ language: label, probability }: LanguageGuess): SignalValue => {
      const score = Math.round(probability * 1e4) / 1e4;
      const said = `${label} ${score.toFixed(2)}`;
      if (probability < minConfidence) return { state: 'unknown', score, evidence: `too uncertain: ${said}` };
      return { state: wanted === undefined || wanted.has(label) ? 'true' : 'false', score, label, evidence: said };
    };

    return {
      name,
      type: 'language',
      cost: language.cost,
      evaluate: (input: SignalInput): SignalValue | Promise<SignalValue> => {
        const guess = guessLanguage(sample(input, scope));
        if (guess === undefined) return TOO_SHORT;
        return guess instanceof Promise ? guess.then(judge, unavailable) : judge(guess);
      },
      prepare: loadLanguages,
    };
  },
};

const TOO_SHORT: SignalValue = Object.freeze({ state: 'unknown', score: 0, evidence: 'too short to tell' });

function unavailable(cause: unknown): SignalValue {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return { state: 'unknown', score: 0, evidence: evidence(`the language model cannot be loaded: ${reason}`) };
}

/** The beginning of the text on one line: fastText stops reading at a line's end. */
function sample({ request }: SignalInput, scope: z.output<typeof scopeSchema>): string {
  let line = '';
  for (const piece of scopedText(request, scope).pieces) {
    line += (line === '' ? '' : ' ') + beginningOf(piece, LANGUAGE_SAMPLE - line.length);
    if (line.length >= LANGUAGE_SAMPLE) break;
  }
  return line.includes('\n') ? line.replaceAll('\n', ' ') : line;
}

/** The first characters of a piece, of which no more is decoded than they may take. */
function beginningOf(piece: Piece, length: number): string {
  const { utf8 } = piece;
  return (utf8 === undefined ? piece.text : fromUtf8(utf8.slice(0, 4 * length))).slice(0, length);
}
