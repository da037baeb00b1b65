import type { Outcome } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import type { State } from '../api.js';
import { el, facts, setShare } from '../dom.js';
import { count, counted, duration, percent, usd } from '../format.js';
import { STATUS_TONES } from './attempts.js';
import { dearest } from './money.js';
import type { Step } from './step.js';

/** How it ended: tokens, times and money. */
export function outcome(record: DecisionRecord, state: State | undefined): Step {
  const { outcome: end } = record;
  const { usage, costUsd, finish, error } = end;
  const asked = record.attempts.length > 0;
  const why =
    end.status === 'answered'
      ? finish === undefined
        ? ''
        : `, finish ${finish}`
      : `, ${error ?? `HTTP ${end.httpStatus}`}`;
  return {
    title: 'Outcome',
    gist: `${end.status}${asked || end.status !== 'answered' ? why : ' with a fixed text; no model was asked'}`,
    ms: end.e2eMs,
    tone: STATUS_TONES[end.status],
    body: [
      whereTimeWent(record),
      facts([
        ['First token', end.ttftMs === undefined ? undefined : duration(end.ttftMs)],
        ['Per token after', end.tpotMs === undefined ? undefined : duration(end.tpotMs)],
        ['End to end', duration(end.e2eMs)],
        ['Queued', end.queuedMs > 0 ? duration(end.queuedMs) : 'not at all'],
        ['Prompt', usage === undefined || !asked ? undefined : counted(usage.promptTokens, 'token')],
        ['Found in cache', usage === undefined || !asked ? undefined : cachedText(usage)],
        ['Answer', usage === undefined || !asked ? undefined : counted(usage.completionTokens, 'token')],
        ['Cost', costUsd === undefined ? undefined : usd(costUsd)],
        ['Energy', end.joules === undefined ? undefined : `${count(end.joules)} J`],
      ]),
      comparison(end, state),
    ],
  };
}

function cachedText({ promptTokens, cachedTokens }: NonNullable<Outcome['usage']>): string {
  return cachedTokens === 0 ? 'nothing' : `${count(cachedTokens)} (${percent(cachedTokens / promptTokens)})`;
}

function comparison({ usage, costUsd, model }: Outcome, state: State | undefined): HTMLElement | undefined {
  if (usage === undefined || costUsd === undefined || state === undefined) return undefined;
  const most = dearest(usage, state.models);
  if (most === undefined || most.costUsd === 0) return undefined;
  const said =
    most.name === model
      ? 'No model would have cost more for these tokens.'
      : `The same tokens on ${most.name} would have cost ${usd(most.costUsd)}: ${percent(1 - costUsd / most.costUsd)} saved.`;
  return el('p', { class: 'compare' }, said);
}

/** One bar for the whole time: Weir's own, queue, failed attempts, reading the prompt, writing the answer. */
function whereTimeWent({ outcome: end, stages, attempts }: DecisionRecord): HTMLElement | undefined {
  if (end.e2eMs <= 0 || attempts.length === 0) return undefined;
  const own = stages.filter(({ stage }) => stage !== 'place').reduce((sum, { ms }) => sum + ms, 0);
  const failed = attempts.slice(0, -1).reduce((sum, { durationMs }) => sum + durationMs, 0);
  const toFirst = end.ttftMs ?? end.e2eMs;
  const parts = [
    ['weir', 'Weir', own],
    ['queue', 'queue', end.queuedMs],
    ['failed', 'failed attempts', failed],
    [
      'prefill',
      end.ttftMs === undefined ? 'waiting' : 'to first token',
      Math.max(0, toFirst - own - end.queuedMs - failed),
    ],
    ['decode', 'answer', Math.max(0, end.e2eMs - toFirst)],
  ] as const;
  const shown = parts.filter(([, , ms]) => ms > 0);
  const bar = el('div', { class: 'time-bar', 'aria-hidden': true });
  const legend = el('ul', { class: 'legend', 'aria-label': 'Where the time went' });
  for (const [kind, name, ms] of shown) {
    const part = el('span', { class: kind });
    setShare(part, ms / end.e2eMs);
    bar.append(part);
    legend.append(el('li', {}, el('i', { class: kind, 'aria-hidden': true }), `${name} `, el('b', {}, duration(ms))));
  }
  return el('div', {}, bar, legend);
}
