import { WeirError } from '#contract/errors.js';
import type { LearnedModels } from '#contract/learned.js';
import type { SafetyNote } from '#contract/safety.js';
import { CONTINUE, type Stage, type StageContext, type StageResult } from '#contract/stage.js';
import { leakGuard } from '#router/safety/leak-guard.js';
import { PromptIndexes } from '#router/safety/prompt-indexes.js';
import { redaction } from '#router/safety/redaction.js';
import { type SafetyFinding, type Scanned, scannerOf } from '#router/safety/scan.js';
import type { SafetyConfig } from '#router/safety/schema.js';

/** A stage with something to load. */
export interface PreparedStage extends Stage {
  prepare(): Promise<void>;
}

/** Scans what users say and what tools gave, and does what the configuration says about what it finds. */
export function safetyStage(config: SafetyConfig, learned: LearnedModels): PreparedStage {
  const scanner = scannerOf(config, learned);
  const indexes = new PromptIndexes();
  return {
    name: 'safety',
    prepare: scanner.prepare,
    run(context) {
      if (config.leakage !== 'off') leakGuard(context, config.leakage, indexes);
      const scanned = scanner.scan(context.board.request, context.board.deadline);
      return scanned instanceof Promise
        ? scanned.then(known => settle(context, known, config))
        : settle(context, scanned, config);
    },
  };
}

function settle({ route }: StageContext, { findings, untold }: Scanned, config: SafetyConfig): StageResult {
  if (findings.length === 0 && untold === undefined) return CONTINUE;
  const notes = notesOf(findings);
  if (notes.length > 0) route.safety = [...(route.safety ?? []), ...notes];
  const blocking = notes.find(({ action }) => action === 'block');
  if (blocking !== undefined) return refusal(config, said(notes));
  if (untold !== undefined && config.fail === 'closed') return refusal(config, `fails closed, ${untold}`);
  const taken = findings.filter(({ action }) => action === 'redact');
  if (taken.length > 0) {
    const before = route.rewrite;
    const rewrite = redaction(taken);
    route.rewrite = before === undefined ? rewrite : (text, as) => rewrite(before(text, as), as);
  }
  return {
    kind: 'continue',
    note: [
      ...(notes.length === 0 ? [] : [said(notes)]),
      ...(untold === undefined ? [] : [`fails open, ${untold}`]),
    ].join('; '),
  };
}

/** Says nothing of what was found: that stands in the record. */
function refusal({ refuse, message }: SafetyConfig, note: string): StageResult {
  const error = new WeirError('safety.blocked', message);
  return refuse === 'answer'
    ? { kind: 'answer', text: message, otherwise: error, note }
    : { kind: 'refuse', error, note };
}

/** One note a rule: of what it found the likeliest. */
function notesOf(findings: readonly SafetyFinding[]): SafetyNote[] {
  const notes = new Map<string, SafetyNote>();
  for (const { rule, action, score } of findings) {
    const known = notes.get(rule);
    if (known === undefined || score > known.score)
      notes.set(rule, { rule, action, score: Math.round(score * 1e4) / 1e4 });
  }
  return [...notes.values()];
}

function said(notes: readonly SafetyNote[]): string {
  return notes.map(({ rule, action, score }) => `${rule} ${score.toFixed(2)}: ${action}`).join(', ');
}
