import type { AttemptOutcome, OutcomeStatus } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import { chip, el, type Tone } from '../dom.js';
import { counted, duration } from '../format.js';
import type { Step } from './step.js';

export const STATUS_TONES: Readonly<Record<OutcomeStatus, Tone>> = {
  answered: 'good',
  failed: 'bad',
  cut: 'bad',
  cancelled: 'warn',
  refused: 'warn',
};

/** Each try at a replica, in order: where failover can be seen. */
export function attempts(record: DecisionRecord): Step | undefined {
  const { attempts: tried } = record;
  if (tried.length === 0) return undefined;
  const failed = tried.filter(({ status }) => status === 'failed').length;
  const gist =
    failed === 0 ? counted(tried.length, 'attempt') : `${counted(tried.length, 'attempt')}, ${failed} failed`;
  return {
    title: 'Attempts',
    gist,
    ms: tried.reduce((sum, { durationMs }) => sum + durationMs, 0),
    tone: failed > 0 ? 'warn' : 'plain',
    body: [el('ol', { class: 'attempts' }, ...tried.map(line))],
  };
}

function line(attempt: AttemptOutcome): HTMLElement {
  const { model, replica, status, httpStatus, error, ttftMs, durationMs } = attempt;
  const told = [
    httpStatus === 0 ? 'no HTTP answer' : `HTTP ${httpStatus}`,
    error,
    ttftMs === undefined ? undefined : `first byte after ${duration(ttftMs)}`,
  ].filter(part => part !== undefined);
  return el(
    'li',
    {},
    chip(status, STATUS_TONES[status]),
    el('span', { class: 'where' }, el('b', {}, model), ' on ', el('span', { class: 'id' }, replica)),
    el('span', { class: 'time' }, duration(durationMs)),
    el('span', { class: 'told' }, told.join(' · ')),
  );
}
