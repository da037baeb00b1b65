import type { DecisionRecord } from '#contract/record.js';
import type { Candidate } from '#contract/route.js';
import { el } from '../dom.js';
import { counted, percent, score } from '../format.js';
import { type Step, stageTime } from './step.js';

/** How the decision's models were ranked, and which of them answered. */
export function selection(record: DecisionRecord): Step | undefined {
  const { candidates, selector, strategy, outcome } = record;
  if (candidates.length === 0) return undefined;
  const first = candidates.find(({ eligible }) => eligible)?.model ?? 'none fits';
  const gist = selector === '' ? first : `${first}, by ${selector}`;
  return {
    title: 'Selection',
    gist,
    ms: stageTime(record.stages, 'select'),
    body: [
      el(
        'table',
        { class: 'grid' },
        el('caption', { class: 'unseen' }, 'Candidate models'),
        el(
          'thead',
          {},
          el('tr', {}, ...['Model', 'Score', 'Chance', 'Why'].map(name => el('th', { scope: 'col' }, name))),
        ),
        el('tbody', {}, ...candidates.map(candidate => row(candidate, outcome.model))),
      ),
      strategy === ''
        ? undefined
        : el('p', { class: 'hint' }, `${counted(candidates.length, 'candidate')}, strategy ${strategy}`),
    ],
  };
}

function row({ model, eligible, propensity, reason, score: points }: Candidate, answered: string): HTMLElement {
  return el(
    'tr',
    { class: eligible ? (model === answered ? 'chosen' : undefined) : 'ruled-out' },
    el('th', { scope: 'row' }, eligible ? model : el('s', {}, model)),
    el('td', { class: 'number' }, eligible ? score(points) : '–'),
    el('td', { class: 'number' }, eligible ? percent(propensity) : '–'),
    el('td', {}, eligible ? reason : `ruled out: ${reason}`),
  );
}
