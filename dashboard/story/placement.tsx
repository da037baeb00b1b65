import type { DecisionRecord } from '../api/types.js';
import { count, counted, duration, percent, score } from '../format.js';
import { Facts } from '../ui/parts.js';
import { Step, stageTime } from './step.js';

/** On which replica it ran, and how the best of the others scored. */
export function Placement({ record }: { record: DecisionRecord }) {
  const { placement: placed, profile } = record;
  if (placed === undefined) return null;
  const { expectedPrefixTokens: expected, losers, considered } = placed;
  const prompt = record.outcome.usage?.promptTokens || profile.promptTokens;
  const share = prompt > 0 && expected > 0 ? ` (${percent(Math.min(1, expected / prompt))})` : '';
  return (
    <Step title="Placement" gist={placed.replica} ms={stageTime(record.stages, 'place')}>
      <Facts
        entries={[
          ['Pool', placed.pool],
          ['Considered', counted(considered, 'replica')],
          ['Score', score(placed.score)],
          ['Expected in cache', expected === 0 ? 'none' : `${count(expected)} tokens${share}`],
          ['Waited for a place', placed.queuedMs > 0 ? duration(placed.queuedMs) : undefined],
        ]}
      />
      {losers.length === 0 ? undefined : (
        <div>
          <p class="hint">
            {losers.length < considered - 1 ? `The best ${losers.length} of the others` : 'The others'}
          </p>
          <ul class="losers">
            {losers.map(({ replica, score: points, filtered }) => (
              <li key={replica}>
                <span>{filtered === undefined ? replica : <s>{replica}</s>}</span>
                <span class="number">{filtered ?? score(points)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Step>
  );
}
