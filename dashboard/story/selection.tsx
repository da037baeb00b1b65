import type { Candidate, DecisionRecord } from '../api/types.js';
import { counted, percent, score } from '../format.js';
import { numbers, Table } from '../ui/table.js';
import { Step, stageTime } from './step.js';

/** How the decision's models were ranked, and which of them answered. */
export function Selection({ record }: { record: DecisionRecord }) {
  const { candidates, selector, strategy, outcome } = record;
  if (candidates.length === 0) return null;
  const first = candidates.find(({ eligible }) => eligible)?.model ?? 'none fits';
  return (
    <Step
      title="Selection"
      gist={selector === '' ? first : `${first}, by ${selector}`}
      ms={stageTime(record.stages, 'select')}
    >
      <Table label="Candidate models" columns={['Model', ...numbers('Score', 'Chance'), 'Why']} rows={candidates}>
        {candidate => <Row key={candidate.model} candidate={candidate} answered={outcome.model} />}
      </Table>
      {strategy === '' ? undefined : (
        <p class="hint">
          {counted(candidates.length, 'candidate')}, strategy {strategy}
        </p>
      )}
    </Step>
  );
}

function Row({ candidate, answered }: { candidate: Candidate; answered: string }) {
  const { model, eligible, propensity, reason, score: points } = candidate;
  return (
    <tr class={eligible ? (model === answered ? 'chosen' : '') : 'ruled-out'}>
      <th scope="row">{eligible ? model : <s>{model}</s>}</th>
      <td class="number">{eligible ? score(points) : '–'}</td>
      <td class="number">{eligible ? percent(propensity) : '–'}</td>
      <td>{eligible ? reason : `ruled out: ${reason}`}</td>
    </tr>
  );
}
