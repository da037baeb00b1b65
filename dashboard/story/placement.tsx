import type { DecisionRecord } from '../api/types.js';
import type { State } from '../app.js';
import { count, counted, duration, percent, score } from '../format.js';
import { Facts } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';
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

type Placed = NonNullable<DecisionRecord['placement']>;

/** Who was in the running, by what was weighed, and why each of the others lost. */
function ScoreTable({ placed, parts }: { placed: Placed; parts: NonNullable<Placed['parts']> }) {
  const rows = [
    { replica: placed.replica, score: placed.score, scores: parts.chosen, why: 'chosen' },
    ...placed.losers.map(({ replica, score: total, filtered }, i) => {
      const scores = filtered === undefined ? (parts.losers[i] ?? []) : [];
      return { replica, score: total, scores, why: filtered ?? whyLost(scores, parts, placed.score - total) };
    }),
  ];
  const columns = parts.scorers.map(({ name, weight }) => `${name} ×\u00a0${score(weight)}`);
  return (
    <Table label="Scores of the replicas" columns={['Replica, and why', ...numbers('Score', ...columns)]} rows={rows}>
      {row => (
        <tr key={row.replica}>
          <th scope="row">
            {row.replica}
            <p class="hint">{row.why}</p>
          </th>
          <td class="number">{row.scores.length === 0 ? '–' : score(row.score)}</td>
          {parts.scorers.map(({ name }, i) => (
            <td key={name} class="number">
              {row.scores[i] === undefined ? '–' : score(row.scores[i])}
            </td>
          ))}
        </tr>
      )}
    </Table>
  );
}

/** What cost it most against the replica chosen; the picker may have chosen one that did not score best. */
function whyLost(scores: readonly number[], { scorers, chosen }: NonNullable<Placed['parts']>, lead: number): string {
  if (lead < 0) return 'scored higher, not drawn';
  let most = 0;
  let name: string | undefined;
  for (const [i, scorer] of scorers.entries()) {
    const behind = scorer.weight * ((chosen[i] ?? 0) - (scores[i] ?? 0));
    if (behind > most) {
      most = behind;
      name = scorer.name;
    }
  }
  return name === undefined ? 'scored the same' : `${name} cost it ${score(most)}`;
}

/** Whether what is in caches was weighed, and all that were scored had nothing. */
function nobodyHas({ scorers, chosen, losers }: NonNullable<Placed['parts']>): boolean {
  const at = scorers.findIndex(({ name }) => name === 'prefix');
  return at >= 0 && [chosen, ...losers].every(scores => (scores[at] ?? 0) === 0);
}

/** From which tier of the replica's cache the prefix comes, and what reading it takes. */
function tierFacts(
  expected: number,
  { host, disk, readMs, computeMs }: NonNullable<Placed['prefixTiers']>,
): [string, string | undefined][] {
  const held = (tokens: number) => (tokens > 0 ? `${count(tokens)} tokens` : undefined);
  return [
    ['On its GPUs', held(Math.max(0, expected - host - disk)) ?? 'none'],
    ["In its host's memory", held(host)],
    ['In storage', held(disk)],
    ['Reading that takes', readMs === undefined ? undefined : duration(readMs)],
    ['Computing it would take', computeMs === undefined ? undefined : duration(computeMs)],
  ];
}

/** On which replica it ran, and how the best of the others scored. */
export function Placement({ record, state }: { record: DecisionRecord; state: State | undefined }) {
  const { placement: placed, profile } = record;
  if (placed === undefined) return null;
  const {
    expectedPrefixTokens: expected,
    losers,
    considered,
    parts,
    prefixLeftOut: leftOut,
    prefixTiers: tiers,
  } = placed;
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
          ...(tiers === undefined ? [] : tierFacts(expected, tiers)),
          ['Waited for a place', placed.queuedMs > 0 ? duration(placed.queuedMs) : undefined],
        ]}
      />
      {way === undefined ? undefined : <p class="hint">{way}</p>}
      {leftOut === undefined ? (
        parts !== undefined && nobodyHas(parts) ? (
          <p class="hint">
            None of these replicas has any of this prompt in its cache: prefix told none of them apart.
          </p>
        ) : undefined
      ) : (
        <p>
          {leftOut.replica} has about {count(leftOut.tokens)} tokens of the prompt in its cache, more than any that
          could be chosen; it could not: {leftOut.filtered}.
        </p>
      )}
      {parts === undefined ? undefined : <ScoreTable placed={placed} parts={parts} />}
      {losers.length === 0 || parts !== undefined ? undefined : (
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
