import { call } from '../api/client.js';
import type { DecisionRecord, Replica } from '../api/types.js';
import { ReplicaCard } from '../fleet/replica-card.js';
import { clock, count, day, duration } from '../format.js';
import { STATUS_TONES } from '../story/attempts.js';
import { Chip, ErrorNote, Facts, Loading } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { link } from '../ui/routing.js';
import { shareText, wattsText } from './condition.js';

const SHOWN = 10;
const EVERY_MS = 2000;

interface StoryProps {
  readonly replica: Replica;
  readonly manages: boolean;
  readonly changed: () => void;
}

/** One replica: how it is, where it has been, and what it answered last. */
export function ReplicaStory({ replica, manages, changed }: StoryProps) {
  const { id, url, gpu, gpus, kvShare, prefixShare, watts, prefillTokensPerSecond, engineWaiting, trafficShare } =
    replica;
  return (
    <div class="map-story">
      <ul class="cards one">
        <ReplicaCard replica={replica} manages={manages} changed={changed} />
      </ul>
      <Facts
        entries={[
          ['Address', url],
          ['Hardware', gpu === undefined ? undefined : `${count(gpus)} × ${gpu}`],
          ['Power now, by the power model', watts === undefined ? undefined : wattsText(watts)],
          ['KV held by our requests', kvShare === undefined ? undefined : shareText(kvShare)],
          ['Of prompts, found in cache', prefixShare === undefined ? undefined : shareText(prefixShare)],
          [
            'Reads',
            prefillTokensPerSecond === undefined
              ? undefined
              : `${count(prefillTokensPerSecond)} prompt tokens a second`,
          ],
          ['Waiting inside its engine, of anybody', engineWaiting > 0 ? count(engineWaiting) : undefined],
          ['Our share of its traffic', trafficShare === undefined ? undefined : shareText(trafficShare)],
        ]}
      />
      <Moves id={id} />
      <Latest id={id} />
    </div>
  );
}

/** Where it moved and why, where pools share their replicas. */
function Moves({ id }: { id: string }) {
  const { value } = useResource(`moves of ${id}`, signal => call('GET /api/rebalance', { signal }), EVERY_MS);
  const moves = value?.moves.filter(({ replica }) => replica === id) ?? [];
  if (moves.length === 0) return null;
  return (
    <section>
      <h3>Moves</h3>
      <ul class="map-moves">
        {moves.slice(0, SHOWN).map(move => (
          <li key={move.id}>
            <time title={day(move.at)}>{clock(move.at)}</time> from {move.from} to {move.to}:{' '}
            {move.state.replace('_', ' ')}
            <p class="hint">{value?.changes.find(change => change.id === move.change)?.why}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Latest({ id }: { id: string }) {
  const { value, error } = useResource(
    `latest of ${id}`,
    signal => call('GET /api/records', { query: { q: id, limit: SHOWN }, signal }),
    EVERY_MS,
  );
  return (
    <section>
      <h3>Latest requests there</h3>
      {value === undefined ? (
        error === undefined ? (
          <Loading what="Reading the record" />
        ) : (
          <ErrorNote error={error} />
        )
      ) : value.records.length === 0 ? (
        <p class="hint">None is on record.</p>
      ) : (
        <ul class="map-latest">
          {value.records.map(record => (
            <Line key={record.id} record={record} />
          ))}
        </ul>
      )}
      <p>
        <a href={link('requests', undefined, { q: id })}>All that name it</a>
      </p>
    </section>
  );
}

function Line({ record: { id, at, decision, outcome } }: { record: DecisionRecord }) {
  const { status, e2eMs } = outcome;
  return (
    <li>
      <a href={link('requests', id)}>{clock(at)}</a> {decision}
      <span class="map-line-end">
        <Chip tone={STATUS_TONES[status]}>{status}</Chip> {duration(e2eMs)}
      </span>
    </li>
  );
}
