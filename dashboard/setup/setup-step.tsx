import type { ComponentChildren } from 'preact';

interface SetupStepProps {
  readonly number: number;
  readonly title: string;
  readonly done: boolean;
  /** Its turn has not come. */
  readonly waiting?: boolean;
  readonly children: ComponentChildren;
}

export function SetupStep({ number, title, done, waiting = false, children }: SetupStepProps) {
  return (
    <li class={`panel setup-step ${done ? 'done' : ''} ${waiting ? 'waiting' : ''}`} data-step={number}>
      <h2>
        <span class="step-number" aria-hidden="true">
          {done ? '✓' : number}
        </span>
        <span class="unseen">
          Step {number}
          {done ? ', done' : ''}:{' '}
        </span>
        {title}
      </h2>
      {waiting ? undefined : <div class="setup-body">{children}</div>}
    </li>
  );
}
