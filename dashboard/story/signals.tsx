import type { DecisionRecord, SignalReading } from '../api/types.js';
import type { State } from '../app.js';
import { counted, duration, score } from '../format.js';
import { Chip, type Tone } from '../ui/parts.js';
import { Step } from './step.js';

const TONES: Readonly<Record<SignalReading['state'], Tone>> = { true: 'good', false: 'plain', unknown: 'warn' };

/** What was read of the request, in the order in which it was read. */
export function Signals({ record, state }: { record: DecisionRecord; state: State | undefined }) {
  const { signals: read, configVersion } = record;
  // Which signals were spared can only be said while the configuration is still the one that decided.
  const all = state?.version === configVersion ? state.signals : [];
  const names = new Set(read.map(({ name }) => name));
  const unread = all.filter(({ name }) => !names.has(name));
  const gist = all.length === 0 ? `${read.length} read` : `${read.length} of ${counted(all.length, 'signal')} read`;
  return (
    <Step title="Signals" gist={gist} ms={read.reduce((sum, { ms }) => sum + ms, 0)}>
      {read.length === 0 ? undefined : (
        <ul class="signals">
          {read.map(reading => (
            <Line key={reading.name} reading={reading} />
          ))}
        </ul>
      )}
      {unread.length === 0 ? undefined : (
        <p class="hint">Not read, as nothing depended on it: {unread.map(({ name }) => name).join(', ')}</p>
      )}
    </Step>
  );
}

function Line({ reading }: { reading: SignalReading }) {
  const { name, type, state, evidence = '', label = '', ms } = reading;
  return (
    <li>
      <span class="signal-name">
        {name} <small>{type}</small>
      </span>
      <Chip tone={TONES[state]}>{state}</Chip>
      <span class="number" title="score">
        {score(reading.score)}
      </span>
      <span class="evidence">{evidence.includes(label) ? evidence : `${label}: ${evidence}`}</span>
      <span class="time">{duration(ms)}</span>
    </li>
  );
}
