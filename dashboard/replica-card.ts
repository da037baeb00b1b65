import { ApiError, FAULTS, type Fault, injectFault, type ReplicaState } from './api.js';
import { chip, el, setShare, setText, type Tone } from './dom.js';
import { count, duration, percent } from './format.js';

const FAULT_SECONDS = 30;

const FAULT_NAMES: Readonly<Record<Fault, string>> = {
  slow: 'slow',
  stall: 'stall in mid-answer',
  error: 'answer with an error',
  cut: 'cut the stream',
  hang_up: 'hang up',
  none: 'none (heal)',
};

/** One replica: how it is, what it has to do, and, where it is simulated, which fault to give it. */
export class ReplicaCard {
  readonly element: HTMLElement;
  private readonly chips = el('span', { class: 'chips' });
  private readonly fill = el('span');
  private readonly values = new Map<string, HTMLElement>();
  private readonly id: string;
  private drawnChips = '';

  constructor(replica: ReplicaState) {
    this.id = replica.id;
    const list = el('dl', { class: 'measures' });
    for (const name of ['In flight', 'First token', 'Per token', 'Requests', 'Failures', 'Tokens held']) {
      const value = el('dd');
      this.values.set(name, value);
      list.append(el('div', {}, el('dt', {}, name), value));
    }
    this.element = el(
      'li',
      { class: 'card', 'data-replica': replica.id },
      el('div', { class: 'card-head' }, el('span', { class: 'id', title: replica.url }, replica.id), this.chips),
      el('div', { class: 'load', 'aria-hidden': true }, this.fill),
      list,
      replica.simulated ? this.faultForm() : undefined,
    );
  }

  update(replica: ReplicaState): void {
    const { inFlight, limit, ttftMs, tpotMs, requests, failures, inFlightTokens } = replica;
    setShare(this.fill, limit > 0 ? inFlight / limit : 0);
    this.set('In flight', `${inFlight} of ${limit}`);
    this.set('First token', ttftMs === undefined ? '–' : `~${duration(ttftMs)}`);
    this.set('Per token', tpotMs === undefined ? '–' : `~${duration(tpotMs)}`);
    this.set('Requests', count(requests));
    this.set(
      'Failures',
      failures === 0 ? '0' : `${count(failures)} (${percent(failures / Math.max(requests, failures))})`,
    );
    this.set('Tokens held', count(inFlightTokens));
    const chips = chipsOf(replica);
    const drawn = chips.join('|');
    if (drawn === this.drawnChips) return;
    this.drawnChips = drawn;
    this.chips.replaceChildren(...chips.map(([text, tone]) => chip(text, tone)));
  }

  private set(name: string, text: string): void {
    const value = this.values.get(name);
    if (value !== undefined) setText(value, text);
  }

  private faultForm(): HTMLElement {
    const kind = el(
      'select',
      { 'aria-label': `Fault for ${this.id}` },
      ...FAULTS.map(fault => el('option', { value: fault }, FAULT_NAMES[fault])),
    );
    const said = el('span', { class: 'hint', role: 'status' });
    const form = el(
      'form',
      { class: 'fault' },
      el('label', {}, 'Fault ', kind),
      el('button', { type: 'submit' }, 'Inject'),
      said,
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      void this.inject(kind.value as Fault, said);
    });
    return form;
  }

  private async inject(kind: Fault, said: HTMLElement): Promise<void> {
    try {
      const faults = await injectFault(this.id, kind, `${FAULT_SECONDS}s`);
      setText(said, faults.length === 0 ? 'healed' : `now: ${faults.join(', ')}; ${kind} for ${FAULT_SECONDS} s`);
    } catch (error) {
      setText(said, error instanceof ApiError ? error.message : String(error));
      return;
    }
    const shown = said.textContent;
    window.setTimeout(
      () => said.textContent === shown && setText(said, ''),
      kind === 'none' ? 3000 : FAULT_SECONDS * 1000,
    );
  }
}

function chipsOf({ health, circuit, unavailable, ejectedForMs }: ReplicaState): [string, Tone][] {
  const chips: [string, Tone][] = [];
  const word = unavailable ?? (health === 'unknown' ? 'not probed yet' : health);
  chips.push([word, unavailable !== undefined ? 'bad' : health === 'healthy' ? 'good' : 'warn']);
  if (circuit !== 'closed' && unavailable?.includes('circuit') !== true) {
    chips.push([`circuit ${circuit}`, circuit === 'open' ? 'bad' : 'warn']);
  }
  if (ejectedForMs > 0) chips.push([`ejected, ${duration(ejectedForMs)} left`, 'bad']);
  return chips;
}
