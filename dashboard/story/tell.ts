import type { DecisionRecord } from '#contract/record.js';
import type { State } from '../api.js';
import type { Preview } from '../chat.js';
import { el } from '../dom.js';
import { arrival } from './arrival.js';
import { attempts } from './attempts.js';
import { decision } from './decision.js';
import { outcome } from './outcome.js';
import { placement } from './placement.js';
import { selection } from './selection.js';
import { signals } from './signals.js';
import { stepElement } from './step.js';

/** The whole story of a request: one line of time from its arrival to its end. */
export function tell(record: DecisionRecord, state: State | undefined): HTMLElement {
  const steps = [
    arrival(record),
    signals(record, state),
    decision(record),
    selection(record),
    placement(record),
    attempts(record),
    outcome(record, state),
  ];
  return el('ol', { class: 'timeline' }, ...steps.filter(step => step !== undefined).map(stepElement));
}

/** The way that every request goes, for who has not sent one yet. */
export function outline(): HTMLElement {
  const steps: [string, string][] = [
    ['Arrived', 'what kind of work it is, told from cheap facts'],
    ['Signals', 'what is read of it: words, length, language, caller'],
    ['Decision', 'which rule of the policy matches, and why those before it do not'],
    ['Selection', 'which of the rule’s models, at what price and speed'],
    ['Placement', 'which replica: how busy each is, and what is in its cache'],
    ['Attempts', 'where it ran, and where it went when a replica failed'],
    ['Outcome', 'tokens, times and money'],
  ];
  const elements = steps.map(([title, gist]) => stepElement({ title, gist, body: [] }));
  return el('ol', { class: 'timeline outline' }, ...elements);
}

/** What can be told from the response's headers alone, while the answer is still coming. */
export function foretell(preview: Preview): HTMLElement {
  const { decision: name, reason, model, replica, pool } = preview;
  const line = el('ol', { class: 'timeline' });
  if (name !== undefined) {
    const body = reason === undefined ? [] : [el('p', { class: 'reason' }, reason)];
    line.append(stepElement({ title: 'Decision', gist: name, body }));
  }
  if (model !== undefined) line.append(stepElement({ title: 'Selection', gist: model, body: [] }));
  if (replica !== undefined) {
    line.append(
      stepElement({ title: 'Placement', gist: pool === undefined ? replica : `${replica} in ${pool}`, body: [] }),
    );
  }
  return line;
}
