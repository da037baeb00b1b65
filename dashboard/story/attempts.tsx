import type { Attempt, DecisionRecord, OutcomeStatus } from '../api/types.js';
import { counted, duration } from '../format.js';
import { Chip, type Tone } from '../ui/parts.js';
import { Step } from './step.js';

export const STATUS_TONES: Readonly<Record<OutcomeStatus, Tone>> = {
  answered: 'good',
  failed: 'bad',
  cut: 'bad',
  cancelled: 'warn',
  refused: 'warn',
};

/** Each try at a replica, in order: where failover can be seen. */
export function Attempts({ record }: { record: DecisionRecord }) {
  const { attempts: tried } = record;
  if (tried.length === 0) return null;
  const failed = tried.filter(({ status }) => status === 'failed').length;
  const gist = counted(tried.length, 'attempt');
  return (
    <Step
      title="Attempts"
      gist={failed === 0 ? gist : `${gist}, ${failed} failed`}
      ms={tried.reduce((sum, { durationMs }) => sum + durationMs, 0)}
      tone={failed > 0 ? 'warn' : 'plain'}
    >
      <ol class="attempts">
        {tried.map((attempt, i) => (
          <Line key={i} attempt={attempt} />
        ))}
      </ol>
    </Step>
  );
}

function Line({ attempt }: { attempt: Attempt }) {
  const { model, replica, status, httpStatus, error, ttftMs, durationMs, judged } = attempt;
  const told = [
    httpStatus === 0 ? 'no HTTP answer' : `HTTP ${httpStatus}`,
    error,
    ttftMs === undefined ? undefined : `first byte after ${duration(ttftMs)}`,
    judged === undefined ? undefined : `held back and ${judged.end}: ${judged.why}`,
  ].filter(part => part !== undefined);
  return (
    <li>
      <Chip tone={STATUS_TONES[status]}>{status}</Chip>
      <span class="where">
        <b>{model}</b> on <span class="id">{replica}</span>
      </span>
      <span class="time">{duration(durationMs)}</span>
      <span class="told">{told.join(' · ')}</span>
    </li>
  );
}
