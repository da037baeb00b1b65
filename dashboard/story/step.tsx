import type { ComponentChildren } from 'preact';
import { duration } from '../format.js';
import type { Tone } from '../ui/parts.js';

/** One step of a request's way, as the timeline shows it. */
export interface StepProps {
  readonly title: string;
  /** What came of it, in a few words. */
  readonly gist: string;
  /** Time it took; absent where that was not measured. */
  readonly ms?: number | undefined;
  /** What the time includes, where that is not plain. */
  readonly including?: string | undefined;
  readonly tone?: Tone | undefined;
  readonly children?: ComponentChildren;
}

export function Step({ title, gist, ms, including, tone = 'plain', children }: StepProps) {
  return (
    <li class={`step ${tone}`} data-step={title.toLowerCase()}>
      <div class="step-head">
        <h3>{title}</h3>
        <span class="gist">{gist}</span>
        {ms === undefined ? undefined : (
          <span class="time">{including === undefined ? duration(ms) : `${duration(ms)} with ${including}`}</span>
        )}
      </div>
      {children === undefined ? undefined : <div class="step-body">{children}</div>}
    </li>
  );
}

/** Time that a stage took; `undefined` when it did not run. */
export function stageTime(stages: readonly { stage: string; ms: number }[], name: string): number | undefined {
  return stages.find(({ stage }) => stage === name)?.ms;
}
