import { el, type Tone } from '../dom.js';
import { duration } from '../format.js';

/** One step of a request's way, as the timeline shows it. */
export interface Step {
  readonly title: string;
  /** What came of it, in a few words. */
  readonly gist: string;
  /** Time it took; absent where that was not measured. */
  readonly ms?: number | undefined;
  /** What the time includes, where that is not plain. */
  readonly including?: string;
  readonly tone?: Tone;
  readonly body: readonly (Node | undefined)[];
}

export function stepElement(step: Step): HTMLElement {
  const { title, gist, ms, including, tone = 'plain', body } = step;
  const shown = body.filter(node => node !== undefined);
  return el(
    'li',
    { class: `step ${tone}`, 'data-step': title.toLowerCase() },
    el(
      'div',
      { class: 'step-head' },
      el('h3', {}, title),
      el('span', { class: 'gist' }, gist),
      ms === undefined
        ? undefined
        : el('span', { class: 'time' }, including === undefined ? duration(ms) : `${duration(ms)} with ${including}`),
    ),
    shown.length === 0 ? undefined : el('div', { class: 'step-body' }, ...shown),
  );
}

/** Time that a stage took; `undefined` when it did not run. */
export function stageTime(stages: readonly { stage: string; ms: number }[], name: string): number | undefined {
  return stages.find(({ stage }) => stage === name)?.ms;
}
