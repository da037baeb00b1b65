import { z } from 'zod';
import type { Classifier, SafetyHeadName, Verdict, WhenBusy } from '#contract/learned.js';
import { share } from '#contract/schema.js';
import type { SignalCost, SignalEvaluator, SignalInput, SignalValue } from '#contract/signal.js';
import { safetyClassifier } from '#router/safety/classifiers.js';
import { piecesIn, type SafetyPiece, type SafetyScope, safetyPieces } from '#router/safety/pieces.js';
import { evidence, quoted } from './evidence.js';
import type { PreparedEvaluator, SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

/** Mostly n-grams over a text of 1 kB; a pass of the transformer where they leave it open. */
const COST: SignalCost = Object.freeze({ tier: 'learned', microseconds: 1500 });

const scope = z.enum(['last_user', 'user', 'content', 'all']);

interface SafetySignalOptions {
  readonly above: number;
  readonly in: SafetyScope;
  readonly when_busy?: WhenBusy | undefined;
}

/** A signal of a safety level that looks for one thing. */
export function safetySignal(name: Exclude<SafetyHeadName, 'hazard'>, said: string, above: number, where: SafetyScope) {
  const schema = z.strictObject({
    above: share.default(above).describe('True when it is likelier than this.'),
    in: scope
      .default(where)
      .describe(
        'What is read, every character of it: what the user has said since the last answer, all user turns, retrieved and tool content, or all of these.',
      ),
    when_busy: whenBusySchema,
  });
  return {
    type: name,
    summary: said,
    scoreMeaning: 'calibrated probability, of the worst part of the texts that are read',
    cost: COST,
    schema,
    build: (signal, options, { learned }) =>
      evaluatorOf(signal, name, safetyClassifier(name, learned), {
        options,
        whenBusy: options.when_busy ?? learned.whenBusy,
        tell: worst => toldOf(worst, options.above),
      }),
  } satisfies SignalType<SafetySignalOptions>;
}

/** A text's verdict beside the text. */
export interface PieceVerdict {
  readonly piece: SafetyPiece;
  readonly verdict: Verdict;
}

interface EvaluatorParts {
  readonly options: { readonly in: SafetyScope };
  readonly whenBusy: WhenBusy;
  readonly tell: (verdicts: readonly PieceVerdict[]) => SignalValue;
}

const NOTHING: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'nothing to read' });

export function evaluatorOf(
  name: string,
  type: string,
  classifier: Classifier,
  { options, whenBusy, tell }: EvaluatorParts,
): PreparedEvaluator {
  const evaluate: SignalEvaluator['evaluate'] = ({ request, deadline }: SignalInput) => {
    const pieces = piecesIn(safetyPieces(request), options.in);
    if (pieces.length === 0) return NOTHING;
    const verdicts = pieces.map(({ text }) => classifier.classify(text, { whenBusy, deadline, of: request }));
    const paired = (settled: readonly Verdict[]) =>
      tell(settled.map((verdict, at) => ({ piece: pieces[at]!, verdict })));
    return verdicts.some(verdict => verdict instanceof Promise)
      ? Promise.all(verdicts).then(paired)
      : paired(verdicts as Verdict[]);
  };
  return { name, type, cost: COST, prepare: () => classifier.prepare(), evaluate };
}

/** What cannot be told of one text is not made up for by another that is harmless. */
function toldOf(verdicts: readonly PieceVerdict[], above: number): SignalValue {
  let worst = verdicts[0]!;
  for (const one of verdicts) if (dangerOf(one.verdict) > dangerOf(worst.verdict)) worst = one;
  const { verdict, piece } = worst;
  const score = Math.round(dangerOf(verdict) * 1e4) / 1e4;
  if (score > above) {
    const [span] = verdict.spans ?? [];
    const said = span === undefined ? '' : ` ${quoted(piece.text.slice(span.start, span.end))}`;
    return { state: 'true', score, tier: verdict.tier, evidence: evidence(`${score.toFixed(2)}${said}`) };
  }
  const untold = verdicts.find(one => !one.verdict.sure);
  if (untold !== undefined) {
    return {
      state: 'unknown',
      score,
      tier: untold.verdict.tier,
      evidence: evidence(untold.verdict.reason ?? 'not sure'),
    };
  }
  return { state: 'false', score, tier: verdict.tier, evidence: evidence(score.toFixed(2)) };
}

function dangerOf({ probabilities }: Verdict): number {
  return probabilities[1] ?? 0;
}
