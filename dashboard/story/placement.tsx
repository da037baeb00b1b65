import type { DecisionRecord } from '../api/types.js';
import type { State } from '../app.js';
import { count, counted, duration, percent, score } from '../format.js';
import { Facts } from '../ui/parts.js';
import { Step, stageTime } from './step.js';

/** What a score says, by the pool's way of placing: `docs/placement.md`. */
const WAYS: Readonly<Record<string, string>> = {
  prefix:
    'The score weighs how much of the prompt a replica has in its cache against the work that waits there already. The highest wins.',
  max_prefix: 'The score is how much of the prompt a replica has in its cache. The highest wins.',
  least_load: 'The score falls with the tokens a replica has in flight. The highest wins.',
  power_of_two: 'Of two replicas drawn at random, the one with fewer tokens in flight wins.',
  round_robin: 'Each replica has its turn; no score is computed.',
};

/** On which replica it ran, and how the best of the others scored. */
export function Placement({ record, state }: { record: DecisionRecord; state: State | undefined }) {
  const { placement: placed, profile } = record;
  if (placed === undefined) return null;
  const { expectedPrefixTokens: expected, losers, considered } = placed;
  const prompt = record.outcome.usage?.promptTokens || profile.promptTokens;
  const ways = state?.version === record.configVersion ? state.pools : [];
  const way = WAYS[ways.find(({ name }) => name === placed.pool)?.placement ?? ''];
  const share = prompt > 0 && expected > 0 ? ` (${percent(Math.min(1, expected / prompt))})` : '';
  return (
    <Step title="Placement" gist={placed.replica} ms={stageTime(record.stages, 'place')}>
      <Facts
        entries={[
          ['Pool', placed.pool],
          ['Considered', counted(considered, 'replica')],
          ['Score', score(placed.score)],
          [
            placed.prefixSource === 'events' ? 'In cache, as the engine tells' : 'Expected in cache',
            expected === 0 ? 'none' : `${count(expected)} tokens${share}`,
          ],
          ['Waited for a place', placed.queuedMs > 0 ? duration(placed.queuedMs) : undefined],
        ]}
      />
      {way === undefined ? undefined : <p class="hint">{way}</p>}
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
