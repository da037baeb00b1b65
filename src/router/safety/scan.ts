import type { Deadline } from '#contract/deadline.js';
import type { Classifier, LearnedModels, Verdict } from '#contract/learned.js';
import type { InferenceRequest } from '#contract/request.js';
import { LanguageGate } from '#router/signals/language-gate.js';
import { safetyClassifier } from './classifiers.js';
import { HAZARDS } from './hazard-classifier.js';
import { piecesIn, type SafetyPiece, safetyPieces } from './pieces.js';
import { childSafety } from './rules/child-safety.js';
import { roleMarks, templates } from './rules/templates.js';
import {
  type Action,
  HAZARD_ABOVE,
  INJECTION_ABOVE,
  JAILBREAK_ABOVE,
  leveled,
  type SafetyConfig,
  UNSAFE_ABOVE,
} from './schema.js';
import { unveil } from './unveil.js';

/** What a rule found in a request. Says nothing of the text but where it stands. */
export interface SafetyFinding {
  readonly rule: string;
  readonly action: Action;
  /** Probability, or 1 of rules that know no degrees. */
  readonly score: number;
  readonly piece: SafetyPiece;
  /** The place in the piece; all of it unless said. */
  readonly start?: number;
  readonly end?: number;
}

export interface Scanned {
  readonly findings: readonly SafetyFinding[];
  /** Why something could not be told that would have had a consequence. */
  readonly untold?: string;
}

/** A check of one piece. */
type Check = (piece: SafetyPiece, asking: Asking) => Scanned | Promise<Scanned>;

/** On whose behalf, and until when somebody waits for it. */
interface Asking {
  readonly of: InferenceRequest;
  readonly deadline: Deadline | undefined;
}

const NOTHING: Scanned = Object.freeze({ findings: Object.freeze([]) });

/** Compiles what a configuration wants looked for into one scan of a request. Without learned rules it is synchronous. */
export function scannerOf(config: SafetyConfig, learned: LearnedModels) {
  const { rules } = config;
  const last: Check[] = [childRule(config)];
  const content: Check[] = [];
  const all: Check[] = [];
  const classifiers: Classifier[] = [];
  const level = (checks: Check[], classifier: Classifier, check: Check): void => {
    classifiers.push(classifier);
    checks.push(check);
  };
  for (const [rule, found] of [['template', templates] as const, ['role_marks', roleMarks] as const]) {
    const mode = rules[rule];
    if (mode === 'off') continue;
    all.push(piece => {
      const finding = found.find(piece.text);
      if (finding === undefined) return NOTHING;
      return { findings: [{ rule, action: mode, score: 1, piece, start: finding.start, end: finding.end }] };
    });
  }
  const disguised = rules.disguise;
  if (disguised !== 'off') {
    all.push(piece => ({
      findings: unveil(piece.text).findings.map(({ rule, start, end }) => ({
        rule: `disguise:${rule}`,
        action: disguised,
        score: 1,
        piece,
        start,
        end,
      })),
    }));
  }
  for (const [rule, checks, usual] of [
    ['jailbreak', last, JAILBREAK_ABOVE] as const,
    ['unsafe', last, UNSAFE_ABOVE] as const,
    ['injection', content, INJECTION_ABOVE] as const,
  ]) {
    const { mode, above } = leveled(rules[rule], usual);
    if (mode === 'off') continue;
    const classifier = safetyClassifier(rule, learned);
    level(
      checks,
      classifier,
      judged(classifier, rule, mode, above, ({ probabilities }) => probabilities[1] ?? 0, learned),
    );
  }
  const { mode: ofHazard, any = HAZARDS, above } = leveled(rules.hazard, HAZARD_ABOVE);
  if (ofHazard !== 'off') {
    const classifier = safetyClassifier('hazard', learned);
    const places = any.map(name => HAZARDS.indexOf(name));
    const danger = ({ probabilities }: Verdict) => places.reduce((sum, at) => sum + (probabilities[at] ?? 0), 0);
    level(last, classifier, judged(classifier, 'hazard', ofHazard, above, danger, learned));
  }
  const { child_safety: child } = config;
  const own = ownClassifier(config, learned);
  if (own !== undefined) {
    const danger = ({ probabilities }: Verdict) => probabilities[own.labels.indexOf(child.label)] ?? 0;
    level(last, own, judged(own, 'child_safety', child.mode, child.above, danger, learned));
  }
  return {
    prepare: async (): Promise<void> => {
      await Promise.all(classifiers.map(classifier => classifier.prepare()));
    },
    /** @param deadline until when somebody waits for it. */
    scan(request: InferenceRequest, deadline?: Deadline): Scanned | Promise<Scanned> {
      const pieces = safetyPieces(request);
      const asking: Asking = { of: request, deadline };
      const results = [
        ...piecesIn(pieces, 'last_user').flatMap(piece => last.map(check => check(piece, asking))),
        ...piecesIn(pieces, 'content').flatMap(piece => content.map(check => check(piece, asking))),
        ...pieces.flatMap(piece => all.map(check => check(piece, asking))),
      ];
      return results.some(result => result instanceof Promise)
        ? Promise.all(results).then(together)
        : together(results as Scanned[]);
    },
  };
}

function together(results: readonly Scanned[]): Scanned {
  const untold = results.find(result => result.untold !== undefined)?.untold;
  return { findings: results.flatMap(({ findings }) => findings), ...(untold !== undefined && { untold }) };
}

/** The operator's own look for child safety. A model that does not know the label that is looked for could find nothing, and says so. */
function ownClassifier({ child_safety: { head, classifier, label } }: SafetyConfig, learned: LearnedModels) {
  const own = classifier !== undefined ? learned.classifier(classifier) : head && learned.own(head);
  if (own === undefined || own === '') return undefined;
  const gated = new LanguageGate(own);
  if (own.labels.length === 0 || own.labels.includes(label)) return gated;
  const reason = `the model knows no label ${label}`;
  const unsaid: Verdict = { probabilities: new Float32Array(0), best: -1, sure: false, tier: 'busy', reason };
  return { labels: own.labels, prepare: () => gated.prepare(), classify: () => unsaid };
}

function childRule({ child_safety: { mode } }: SafetyConfig): Check {
  return piece => {
    const texts = [piece.text, ...unveil(piece.text).views];
    if (!texts.some(text => childSafety.find(text) !== undefined)) return NOTHING;
    return { findings: [{ rule: 'child_safety', action: mode, score: 1, piece }] };
  };
}

function judged(
  classifier: Classifier,
  rule: string,
  action: Action,
  above: number,
  danger: (verdict: Verdict) => number,
  { whenBusy }: LearnedModels,
): Check {
  return (piece, asking) => {
    if (piece.text.trim() === '') return NOTHING;
    const scanned = (verdict: Verdict): Scanned => {
      const score = danger(verdict);
      if (score > above) {
        const places = rule === 'injection' ? (verdict.spans ?? []) : [];
        const findings = places.map(({ start, end }) => ({ rule, action, score, piece, start, end }));
        return { findings: findings.length > 0 ? findings : [{ rule, action, score, piece }] };
      }
      const matters = action === 'block' || action === 'redact';
      // A probability that is not above the threshold is an answer, be it too low for any label to be said.
      const told = verdict.sure || (verdict.best >= 0 && verdict.reason === undefined);
      return told || !matters ? NOTHING : { findings: [], untold: `${rule}: ${verdict.reason ?? 'not sure'}` };
    };
    const verdict = classifier.classify(piece.text, { whenBusy, ...asking });
    return verdict instanceof Promise ? verdict.then(scanned) : scanned(verdict);
  };
}
