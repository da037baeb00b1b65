import type { DecisionRecord } from '#contract/record.js';
import type { SignalReading, Truth } from '#contract/signal.js';
import type { State } from '../api.js';
import { chip, el, type Tone } from '../dom.js';
import { counted, duration, score } from '../format.js';
import type { Step } from './step.js';

const TONES: Readonly<Record<Truth, Tone>> = { true: 'good', false: 'plain', unknown: 'warn' };

/** What was read of the request, in the order in which it was read. */
export function signals(record: DecisionRecord, state: State | undefined): Step {
  const { signals: read, configVersion } = record;
  // Which signals were spared can only be said while the configuration is still the one that decided.
  const all = state?.version === configVersion ? state.signals : [];
  const names = new Set(read.map(({ name }) => name));
  const unread = all.filter(({ name }) => !names.has(name));
  const gist = all.length === 0 ? `${read.length} read` : `${read.length} of ${counted(all.length, 'signal')} read`;
  return {
    title: 'Signals',
    gist,
    ms: read.reduce((sum, { ms }) => sum + ms, 0),
    body: [
      read.length === 0 ? undefined : el('ul', { class: 'signals' }, ...read.map(line)),
      unread.length === 0
        ? undefined
        : el(
            'p',
            { class: 'hint' },
            `Not read, as nothing depended on it: ${unread.map(({ name }) => name).join(', ')}`,
          ),
    ],
  };
}

function line(reading: SignalReading): HTMLElement {
  const { name, type, state, evidence = '', label = '', ms } = reading;
  const said = evidence.includes(label) ? evidence : `${label}: ${evidence}`;
  return el(
    'li',
    {},
    el('span', { class: 'signal-name' }, name, ' ', el('small', {}, type)),
    chip(state, TONES[state]),
    el('span', { class: 'number', title: 'score' }, score(reading.score)),
    el('span', { class: 'evidence' }, said),
    el('span', { class: 'time' }, duration(ms)),
  );
}
