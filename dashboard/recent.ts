import type { DecisionRecord } from '#contract/record.js';
import { getRecords } from './api.js';
import { chip, el, setText } from './dom.js';
import { clock, count, duration, usd } from './format.js';
import { STATUS_TONES } from './story/attempts.js';

const SHOWN = 20;
const COLUMNS = ['Arrived', 'Decision', 'Model', 'Replica', 'Status', 'First token', 'End to end', 'Tokens', 'Cost'];

/** The latest requests, whoever sent them; each links to its story. */
export class Recent {
  private readonly rows = el('tbody');
  private readonly table = el(
    'table',
    { class: 'grid requests' },
    el('caption', { class: 'unseen' }, 'Latest requests, newest first'),
    el('thead', {}, el('tr', {}, ...COLUMNS.map(name => el('th', { scope: 'col' }, name)))),
    this.rows,
  );
  private readonly status = el('p', { class: 'hint', role: 'status' }, 'Reading the record…');
  private drawn = '';
  private chosen = '';

  /** @param again told when the link to the story that the address names already is followed once more. */
  constructor(root: HTMLElement, again: () => void) {
    this.table.hidden = true;
    this.rows.addEventListener('click', event => {
      if (event.target instanceof HTMLAnchorElement && event.target.hash === location.hash) again();
    });
    root.append(el('h2', { id: 'recent-title' }, 'Latest requests'), this.status, this.table);
  }

  async refresh(): Promise<void> {
    try {
      this.draw(await getRecords(SHOWN));
    } catch (error) {
      setText(this.status, `The record cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Marks the request whose story is on show. */
  mark(id: string): void {
    this.chosen = id;
    for (const link of this.rows.querySelectorAll('a')) {
      if (link.hash === `#${id}`) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }

  private draw(records: readonly DecisionRecord[]): void {
    setText(this.status, records.length === 0 ? 'None yet.' : '');
    this.table.hidden = records.length === 0;
    const order = records.map(({ id }) => id).join();
    // Records never change: the same ids are the same rows, and whoever stands on a link stays there.
    if (order === this.drawn) return;
    this.drawn = order;
    const focused = document.activeElement instanceof HTMLAnchorElement ? document.activeElement.hash : '';
    this.rows.replaceChildren(...records.map(row));
    this.mark(this.chosen);
    if (focused !== '') this.rows.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function row({ id, at, decision, outcome }: DecisionRecord): HTMLElement {
  const { usage } = outcome;
  const cells: [string, Node | string][] = [
    ['Decision', decision],
    ['Model', outcome.model || '–'],
    ['Replica', outcome.replica || '–'],
    ['Status', chip(outcome.error ?? outcome.status, STATUS_TONES[outcome.status])],
    ['First token', outcome.ttftMs === undefined ? '–' : duration(outcome.ttftMs)],
    ['End to end', duration(outcome.e2eMs)],
    [
      'Tokens',
      usage === undefined || outcome.model === ''
        ? '–'
        : `${count(usage.promptTokens)} + ${count(usage.completionTokens)}`,
    ],
    ['Cost', outcome.costUsd === undefined ? '–' : usd(outcome.costUsd)],
  ];
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, el('a', { href: `#${id}`, title: id }, clock(at))),
    ...cells.map(([name, value]) => el('td', { 'data-name': name }, value)),
  );
}
