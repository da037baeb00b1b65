import type { DecisionRecord } from '../api/types.js';
import { count, counted, duration } from '../format.js';
import { Step, stageTime } from './step.js';

/** Stages whose notes repeat what a step of its own already says. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['decide', 'select', 'shape', 'place']);

/** Which decision of the policy matched, why, and why those before it did not. */
export function Decision({ record }: { record: DecisionRecord }) {
  const { reason, parameters, stages } = record;
  const asks = demands(parameters);
  const notes = stages.filter(({ stage, note }) => note !== undefined && !TOLD_ELSEWHERE.has(stage));
  return (
    <Step
      title="Decision"
      gist={record.decision}
      ms={stageTime(stages, 'decide')}
      including={record.signals.length > 0 ? 'signals' : undefined}
      tone={record.outcome.status === 'refused' ? 'bad' : 'plain'}
    >
      {reason.summary === '' ? undefined : <p class="reason">{reason.summary}</p>}
      {reason.passed.length === 0 ? undefined : (
        <details open={reason.passed.length <= 8}>
          <summary>{counted(reason.passed.length, 'decision')} passed over</summary>
          <ul class="pairs">
            {reason.passed.map(({ decision, why }) => (
              <li key={decision}>
                <b>{decision}</b> {why}
              </li>
            ))}
          </ul>
        </details>
      )}
      {asks.length === 0 ? undefined : <p class="hint">It also asks for: {asks.join('; ')}</p>}
      {notes.length === 0 ? undefined : (
        <ul class="pairs">
          {notes.map(({ stage, ms, note }) => (
            <li key={stage}>
              <b>{stage}</b> {note} ({duration(ms)})
            </li>
          ))}
        </ul>
      )}
    </Step>
  );
}

/** What the decision does to the request. Of headers only the names: their values may be keys. */
function demands(parameters: DecisionRecord['parameters']): string[] {
  const { systemPrompt, reasoningEffort, maxOutputTokens, temperature, headers } = parameters;
  const said: string[] = [];
  if (systemPrompt !== undefined) said.push(`system prompt (${systemPrompt.mode}) “${shortened(systemPrompt.text)}”`);
  if (reasoningEffort !== undefined) said.push(`reasoning effort ${reasoningEffort}`);
  if (maxOutputTokens !== undefined) said.push(`at most ${count(maxOutputTokens)} tokens`);
  if (temperature !== undefined) said.push(`temperature ${temperature}`);
  const names = Object.keys(headers ?? {});
  if (names.length > 0) said.push(`headers ${names.join(', ')}`);
  return said;
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
