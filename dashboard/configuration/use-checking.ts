import { useEffect, useState } from 'preact/hooks';
import { type Answer, asApiError, call } from '../api/client.js';
import { Checking, type Subject } from './checking.js';

export type Checked = Answer<'POST /api/configuration/check'>;

/** Has the gateway check what is being edited. */
export function useChecking(subject: Subject | undefined): Checking<Checked> {
  const [, draw] = useState(0);
  const [checking] = useState(
    () =>
      new Checking<Checked>({
        check: ({ text }, signal) => call('POST /api/configuration/check', { body: { text }, signal }),
        passing: error => {
          const { status } = asApiError(error);
          return status === 0 || status === 429 || status >= 500;
        },
        after(ms, task) {
          const timer = window.setTimeout(task, ms);
          return () => window.clearTimeout(timer);
        },
        changed: () => draw(before => before + 1),
      }),
  );
  useEffect(() => checking.want(subject), [checking, subject?.text, subject?.version]);
  useEffect(() => () => checking.stop(), [checking]);
  return checking;
}
