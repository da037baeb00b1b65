import type { DecisionRecord } from '#contract/record.js';
import type { RouteParameters } from '#contract/route.js';
import { el } from '../dom.js';
import { count, counted, duration } from '../format.js';
import { type Step, stageTime } from './step.js';

/** Stages whose notes repeat what a step of its own already says. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['decide', 'select', 'shape', 'place']);

/** Which decision of the policy matched, why, and why those before it did not. */
export function decision(record: DecisionRecord): Step {
  const { reason, parameters, stages } = record;
  const asks = demands(parameters);
  const notes = stages.filter(({ stage, note }) => note !== undefined && !TOLD_ELSEWHERE.has(stage));
  return {
    title: 'Decision',
    gist: record.decision,
    ms: stageTime(stages, 'decide'),
    ...(record.signals.length > 0 ? { including: 'signals' } : undefined),
    tone: record.outcome.status === 'refused' ? 'bad' : 'plain',
    body: [
      reason.summary === '' ? undefined : el('p', { class: 'reason' }, reason.summary),
      reason.passed.length === 0
        ? undefined
        : el(
            'details',
            { open: reason.passed.length <= 8 },
            el('summary', {}, `${counted(reason.passed.length, 'decision')} passed over`),
            el(
              'ul',
              { class: 'pairs' },
              ...reason.passed.map(passed => el('li', {}, el('b', {}, passed.decision), ` ${passed.why}`)),
            ),
          ),
      asks.length === 0 ? undefined : el('p', { class: 'hint' }, `It also asks for: ${asks.join('; ')}`),
      notes.length === 0
        ? undefined
        : el(
            'ul',
            { class: 'pairs' },
            ...notes.map(({ stage, ms, note }) => el('li', {}, el('b', {}, stage), ` ${note} (${duration(ms)})`)),
          ),
    ],
  };
}

/** What the decision does to the request. Of headers only the names: their values may be keys. */
function demands(parameters: RouteParameters): string[] {
  const { systemPrompt, reasoningEffort, maxOutputTokens, temperature, headers } = parameters;
  const said: string[] = [];
  if (systemPrompt !== undefined) said.push(`system prompt (${systemPrompt.mode}) “${shortened(systemPrompt.text)}”`);
  if (reasoningEffort !== undefined) said.push(`reasoning effort ${reasoningEffort}`);
  if (maxOutputTokens !== undefined) said.push(`at most ${count(maxOutputTokens)} tokens`);
  if (temperature !== undefined) said.push(`temperature ${temperature}`);
  const names = Object.keys(headers ?? {});
  if (names.length > 0) said.push(`headers ${names.join(', ')}`);
  return said;
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
