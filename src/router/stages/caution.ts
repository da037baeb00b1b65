import type { Classifier, LearnedModels, Verdict } from '#contract/learned.js';
import type { InferenceRequest } from '#contract/request.js';
import { CONTINUE, type StageContext, type StageResult } from '#contract/stage.js';
import { safetyClassifier } from '#router/safety/classifiers.js';
import { responseTo } from '#router/safety/conversation-response.js';
import { conversationRisk, type TurnRisk } from '#router/safety/conversation-risk.js';
import { HAZARDS } from '#router/safety/hazard-classifier.js';
import { partsByTurn, type SafetyPiece, safetyPieces } from '#router/safety/pieces.js';
import { REMOVED } from '#router/safety/redaction.js';
import type { SafetyConfig } from '#router/safety/schema.js';
import type { PreparedStage } from './safety.js';

/** User turns that are scored, the newest. */
const MOST_TURNS = 32;

/**
 * The response to the risk of a whole conversation, by degrees: safer models, a lower temperature, the turns since it turned taken out, a flag for a person.
 * Stands behind the decision, which it narrows, and before selection.
 */
export function cautionStage(config: NonNullable<SafetyConfig['conversation']>, learned: LearnedModels): PreparedStage {
  const jailbreak = safetyClassifier('jailbreak', learned);
  const hazard = safetyClassifier('hazard', learned);
  const classifiers: readonly Classifier[] = [jailbreak, hazard];
  return {
    name: 'caution',
    prepare: async () => {
      await Promise.all(classifiers.map(classifier => classifier.prepare()));
    },
    run(context) {
      const { request, deadline } = context.board;
      const pieces = safetyPieces(request).filter(({ from }) => from === 'user');
      const first = Math.max(0, (pieces.at(-1)?.turn ?? 0) + 1 - MOST_TURNS);
      const scored = pieces.filter(({ turn }) => turn >= first);
      if (scored.length === 0) return CONTINUE;
      const verdicts = scored.flatMap(({ text }) =>
        classifiers.map(one => one.classify(text, { whenBusy: learned.whenBusy, deadline, of: request })),
      );
      const settled = (known: readonly Verdict[]): StageResult =>
        respond(context, turnsOf(scored, known, first), config, first);
      return verdicts.some(verdict => verdict instanceof Promise)
        ? Promise.all(verdicts).then(settled)
        : settled(verdicts as Verdict[]);
    },
  };
}

/** @param verdicts two a piece: of jailbreak and of hazard. */
function turnsOf(pieces: readonly SafetyPiece[], verdicts: readonly Verdict[], first: number): TurnRisk[] {
  const turns: TurnRisk[] = [];
  for (const [at, { turn }] of pieces.entries()) {
    const [talked, hazardous] = [verdicts[2 * at]!, verdicts[2 * at + 1]!];
    const unsafe = hazardous.probabilities.reduce((sum, p) => sum + p, 0);
    const score = Math.max(talked.probabilities[1] ?? 0, unsafe);
    const kind = HAZARDS[hazardous.best];
    const known = turns[turn - first];
    if (known === undefined || score > known.score) {
      turns[turn - first] = { score, ...(kind !== undefined && { hazard: kind }) };
    }
  }
  return Array.from(turns, turn => turn ?? { score: 0 });
}

function respond(
  { board, route }: StageContext,
  turns: readonly TurnRisk[],
  config: NonNullable<SafetyConfig['conversation']>,
  first: number,
): StageResult {
  const risk = conversationRisk(turns);
  const degrees = responseTo(risk, config);
  if (degrees.length === 0) return CONTINUE;
  const score = Math.round(risk.score * 1e4) / 1e4;
  const done: string[] = [];
  if (degrees.includes('safer') && config.models !== undefined) {
    route.models = config.models;
    done.push('safer models');
  }
  if (degrees.includes('cooler')) {
    const { temperature = config.temperature } = route.parameters;
    route.parameters = { ...route.parameters, temperature: Math.min(temperature, config.temperature) };
    done.push(`temperature ${route.parameters.temperature}`);
  }
  const last = first + turns.length - 1;
  const seed = risk.seed === undefined ? last : first + risk.seed;
  if (degrees.includes('cut') && seed < last) {
    const removed = cutTexts(board.request, seed, last);
    const before = route.rewrite;
    route.rewrite = (text, as) => (as === 'text' && removed.has(text) ? REMOVED : (before?.(text, as) ?? text));
    done.push(`cut ${last - seed} turns`);
  }
  const flagged = degrees.includes('flag');
  if (flagged) done.push('flagged');
  route.safety = [...(route.safety ?? []), { rule: 'conversation', action: flagged ? 'header' : 'log', score }];
  return { kind: 'continue', note: `risk ${score.toFixed(2)}: ${done.join(', ') || 'noted'}` };
}

/**
 * What is taken out of a conversation: all that the user and the model said from one turn up to another. What stands elsewhere too stays everywhere,
 * and so what the user says now.
 */
function cutTexts({ messages }: InferenceRequest, seed: number, last: number): ReadonlySet<string> {
  const cut = new Set<string>();
  const stays = new Set<string>();
  for (const { role, part, turn } of partsByTurn(messages)) {
    if (part.type !== 'text' || part.retrieved === true || role === 'tool') continue;
    (role !== 'system' && turn >= seed && turn < last ? cut : stays).add(part.text);
  }
  return new Set([...cut].filter(text => !stays.has(text)));
}
