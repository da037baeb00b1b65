import type { DecisionRecord } from '../api/types.js';
import type { State } from '../app.js';
import { Arrival } from './arrival.js';
import { Attempts } from './attempts.js';
import { Decision } from './decision.js';
import { Outcome } from './outcome.js';
import { Placement } from './placement.js';
import type { Preview } from './preview.js';
import { Selection } from './selection.js';
import { Signals } from './signals.js';
import { Step } from './step.js';

/** The whole story of a request: one line of time from its arrival to its end. */
export function Timeline({ record, state }: { record: DecisionRecord; state: State | undefined }) {
  return (
    <ol class="timeline">
      <Arrival record={record} />
      <Signals record={record} state={state} />
      <Decision record={record} />
      <Selection record={record} />
      <Placement record={record} state={state} />
      <Attempts record={record} />
      <Outcome record={record} state={state} />
    </ol>
  );
}

const OUTLINE: readonly (readonly [title: string, gist: string])[] = [
  ['Arrived', 'what kind of work it is, told from cheap facts'],
  ['Signals', 'what is read of it: words, length, language, caller'],
  ['Decision', 'which rule of the policy matches, and why those before it do not'],
  ['Selection', 'which of the rule’s models, at what price and speed'],
  ['Placement', 'which replica: how busy each is, and what is in its cache'],
  ['Attempts', 'where it ran, and where it went when a replica failed'],
  ['Outcome', 'tokens, times and money'],
];

/** The way that every request goes, for who has not sent one yet. */
export function Outline() {
  return (
    <ol class="timeline outline">
      {OUTLINE.map(([title, gist]) => (
        <li key={title} class="step">
          <div class="step-head">
            <h3>{title}</h3>
            <span class="gist">{gist}</span>
          </div>
        </li>
      ))}
    </ol>
  );
}

/** What can be told from the response's headers alone, while the answer is still coming. */
export function Foretold({ preview }: { preview: Preview }) {
  const { decision, reason, model, replica, pool } = preview;
  return (
    <ol class="timeline">
      {decision === undefined ? undefined : (
        <Step title="Decision" gist={decision}>
          {reason === undefined ? undefined : <p class="reason">{reason}</p>}
        </Step>
      )}
      {model === undefined ? undefined : <Step title="Selection" gist={model} />}
      {replica === undefined ? undefined : (
        <Step title="Placement" gist={pool === undefined ? replica : `${replica} in ${pool}`} />
      )}
    </ol>
  );
}
