import type { Classification } from '../api/types.js';
import { score } from '../format.js';
import { Chip, Share } from '../ui/parts.js';

interface VerdictCardProps {
  readonly kind: string;
  readonly verdict: Classification | undefined;
  readonly trouble: string | undefined;
}

/** Labels shown of many. */
const MOST_SHOWN = 4;
const MOST_SPANS = 8;
const BY = { fast: 'by the fast tier', model: 'by the model', busy: 'by the fast tier, the model being busy' } as const;

/** What one head says of the text: the label, how likely each is, by what, the example that it is most like, and the places that made it so. */
export function VerdictCard({ kind, verdict, trouble }: VerdictCardProps) {
  if (verdict === undefined) {
    return (
      <section class="verdict" aria-label={kind}>
        <h3>{kind}</h3>
        <p class="hint">Unknown: {trouble ?? 'nothing to say'}</p>
      </section>
    );
  }
  const { label, scores, tier, loading, ms, evidence, spans = [] } = verdict;
  const by = loading ? 'by the fast tier, the model being loaded' : BY[tier];
  // What finds places says so by finding none.
  const nothingFound = verdict.spans?.length === 0 && !verdict.partial;
  const ranked = Object.entries(scores).sort((a, b) => b[1] - a[1]);
  return (
    <section class="verdict" aria-label={kind}>
      <h3>
        {kind}{' '}
        <Chip tone={label === null ? 'warn' : 'accent'}>{label ?? (nothingFound ? 'none found' : 'unsure')}</Chip>
      </h3>
      <ul class="likely">
        {ranked.slice(0, MOST_SHOWN).map(([name, value]) => (
          <li key={name}>
            <span>{name}</span>
            <Share value={value} />
            <span class="number">{score(value)}</span>
          </li>
        ))}
      </ul>
      {evidence === undefined ? undefined : (
        <p class="hint">
          Most like “{evidence.text}” ({evidence.label}, {score(evidence.likeness)})
        </p>
      )}
      {spans.length === 0 ? undefined : (
        <ul class="likely" aria-label="Where">
          {spans.slice(0, MOST_SPANS).map(({ type, start, end, score: sure, text }) => (
            <li key={`${type} ${start}`}>
              <span>{type}</span>
              <span>{text ?? `characters ${start} to ${end}`}</span>
              <span class="number">{score(sure)}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="hint">
        {by}, {ms.toFixed(ms < 10 ? 1 : 0)} ms
      </p>
    </section>
  );
}
