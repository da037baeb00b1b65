import type { ModelCard } from '../api/types.js';
import { count, percent } from '../format.js';
import { numbers, Table } from '../ui/table.js';

interface HeadCardProps {
  readonly kind: string;
  readonly card: ModelCard | undefined;
  readonly trouble: string | undefined;
}

/** A model card: on what a head was tested, how often it was right, each label, what it was made from, where it fails. */
export function HeadCard({ kind, card, trouble }: HeadCardProps) {
  if (card === undefined) {
    return (
      <p class="hint">
        <b>{kind}</b>: {trouble ?? 'its file has no card'}
      </p>
    );
  }
  return (
    <details class="head-card">
      <summary>
        <b>{kind}</b> {card.summary}
      </summary>
      <Table
        label={`How often ${kind} is right`}
        columns={['Tested on', 'Tier', ...numbers('Right', '95 %', 'Texts', 'Calibration error')]}
        rows={Object.entries(card.results).flatMap(([name, tiers]) =>
          Object.entries(tiers).map(([tier, result]) => ({ name, tier, ...result })),
        )}
      >
        {({ name, tier, accuracy, interval: [low = 0, high = 1], texts, ece }) => (
          <tr key={`${name} ${tier}`}>
            <th scope="row">{name}</th>
            <td>{tier}</td>
            <td class="number">{percent(accuracy)}</td>
            <td class="number">
              {percent(low)} to {percent(high)}
            </td>
            <td class="number">{count(texts)}</td>
            <td class="number">{ece.toFixed(3)}</td>
          </tr>
        )}
      </Table>
      <h3>Where it fails</h3>
      <ul class="plain">
        {card.failures.map(failure => (
          <li key={failure}>{failure}</li>
        ))}
      </ul>
      <h3>By label</h3>
      <p>
        {Object.entries(card.labels)
          .map(([label, { recall, precision }]) => `${label}: found ${percent(recall)}, right ${percent(precision)}`)
          .join(' · ')}
      </p>
      <h3>Made from</h3>
      <p>
        {card.data.map(({ name, texts, licence }) => `${name} (${texts} texts, ${licence})`).join(' · ')}. Trained on{' '}
        {card.trained}; {card.duplicates.removed} near-duplicates of held-out texts were left out.
      </p>
    </details>
  );
}
