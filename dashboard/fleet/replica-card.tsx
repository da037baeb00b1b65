import { useState } from 'preact/hooks';
import { ApiError, call } from '../api/client.js';
import type { Replica } from '../api/types.js';
import { count, duration, percent } from '../format.js';
import { Chip, Facts, Share, type Tone } from '../ui/parts.js';
import { FaultForm } from './fault-form.js';

interface CardProps {
  readonly replica: Replica;
  /** Whether whoever looks may change things. */
  readonly manages: boolean;
  readonly changed: () => void;
}

/** One replica: how it is, what it has to do, and what can be done with it. */
export function ReplicaCard({ replica, manages, changed }: CardProps) {
  const { id, url, inFlight, limit, ttftMs, tpotMs, requests, failures, inFlightTokens, simulated } = replica;
  const failed = failures === 0 ? '0' : `${count(failures)} (${percent(failures / Math.max(requests, failures))})`;
  return (
    <li class="card" data-replica={id}>
      <div class="card-head">
        <span class="id" title={url}>
          {id}
        </span>
        <span class="chips">
          {chipsOf(replica).map(([text, tone]) => (
            <Chip key={text} tone={tone}>
              {text}
            </Chip>
          ))}
        </span>
      </div>
      <Share value={limit > 0 ? inFlight / limit : 0} />
      <Facts
        kind="measures"
        entries={[
          ['In flight', `${inFlight} of ${limit}`],
          ['First token', ttftMs === undefined ? '–' : `~${duration(ttftMs)}`],
          ['Per token', tpotMs === undefined ? '–' : `~${duration(tpotMs)}`],
          ['Requests', count(requests)],
          ['Failures', failed],
          ['Tokens held', count(inFlightTokens)],
        ]}
      />
      {manages ? (
        <div class="card-end">
          <DrainButton replica={replica} changed={changed} />
          {simulated ? <FaultForm replica={id} /> : undefined}
        </div>
      ) : undefined}
    </li>
  );
}

function DrainButton({ replica: { id, drained }, changed }: { replica: Replica; changed: () => void }) {
  const [wrong, setWrong] = useState('');
  const turn = async (): Promise<void> => {
    const params = { params: { id }, body: {} };
    try {
      if (drained) await call('POST /api/replicas/{id}/undrain', params);
      else await call('POST /api/replicas/{id}/drain', params);
      setWrong('');
    } catch (error) {
      setWrong(error instanceof ApiError ? error.message : String(error));
    }
    changed();
  };
  return (
    <div class="drain">
      <button
        type="button"
        class="small"
        title={drained ? 'Let it take requests again' : 'Let it end what it has, and give it nothing new'}
        aria-label={`${drained ? 'Return' : 'Drain'} ${id}`}
        onClick={() => void turn()}
      >
        {drained ? 'Return' : 'Drain'}
      </button>
      {wrong === '' ? undefined : (
        <span class="alert" role="alert">
          {wrong}
        </span>
      )}
    </div>
  );
}

function chipsOf({ health, circuit, unavailable, drained, ejectedForMs }: Replica): [string, Tone][] {
  const chips: [string, Tone][] = [];
  const word = unavailable ?? (health === 'unknown' ? 'not probed yet' : health);
  // That it was ejected is said below, with how long for.
  if (unavailable !== 'ejected' || ejectedForMs <= 0) {
    // Drained is what somebody wanted.
    const fine = unavailable === undefined && health === 'healthy';
    chips.push([word, fine ? 'good' : unavailable === undefined || drained ? 'warn' : 'bad']);
  }
  if (circuit !== 'closed' && unavailable?.includes('circuit') !== true) {
    chips.push([`circuit ${circuit}`, circuit === 'open' ? 'bad' : 'warn']);
  }
  if (ejectedForMs > 0) chips.push([`ejected, ${duration(ejectedForMs)} left`, 'bad']);
  return chips;
}
