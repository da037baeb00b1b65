import type { ReplicaScore } from '#contract/placement.js';
import type { DecisionRecord } from '#contract/record.js';
import { el, facts } from '../dom.js';
import { count, counted, duration, percent, score } from '../format.js';
import { type Step, stageTime } from './step.js';

/** On which replica it ran, and how the best of the others scored. */
export function placement(record: DecisionRecord): Step | undefined {
  const { placement: placed, profile } = record;
  if (placed === undefined) return undefined;
  const { expectedPrefixTokens: expected, losers, considered } = placed;
  const prompt = record.outcome.usage?.promptTokens || profile.promptTokens;
  const share = prompt > 0 && expected > 0 ? ` (${percent(Math.min(1, expected / prompt))})` : '';
  return {
    title: 'Placement',
    gist: placed.replica,
    ms: stageTime(record.stages, 'place'),
    body: [
      facts([
        ['Pool', placed.pool],
        ['Considered', counted(considered, 'replica')],
        ['Score', score(placed.score)],
        ['Expected in cache', expected === 0 ? 'none' : `${count(expected)} tokens${share}`],
        ['Waited for a place', placed.queuedMs > 0 ? duration(placed.queuedMs) : undefined],
      ]),
      losers.length === 0
        ? undefined
        : el(
            'div',
            {},
            el(
              'p',
              { class: 'hint' },
              losers.length < considered - 1 ? `The best ${losers.length} of the others` : 'The others',
            ),
            el('ul', { class: 'losers' }, ...losers.map(loser)),
          ),
    ],
  };
}

function loser({ replica, score: points, filtered }: ReplicaScore): HTMLElement {
  return el(
    'li',
    {},
    el('span', {}, filtered === undefined ? replica : el('s', {}, replica)),
    el('span', { class: 'number' }, filtered ?? score(points)),
  );
}
