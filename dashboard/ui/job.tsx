import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, asApiError } from '../api/client.js';
import { type JobBody, type JobEvent, type JobPath, runJob } from '../api/jobs.js';
import type { ReportPage, TraceRead } from '../api/types.js';
import { counted } from '../format.js';
import { ErrorNote } from './parts.js';
import { save } from './save.js';

/** A job of the gateway as a page knows it; it is stopped when the page is left. */
export interface Job<Path extends JobPath> {
  readonly running: boolean;
  /** What it said last; empty while nothing runs. */
  readonly progress: string;
  readonly error: ApiError | undefined;
  /** What was read of its trace, once that is known. */
  readonly trace: TraceRead | undefined;
  /** Its result as a file, once there is one. */
  readonly page: ReportPage | undefined;
  /** Says what keeps it from being begun; `undefined` takes that back. */
  refuse(message: string | undefined): void;
  /** Returns when it has ended, however it did. */
  run(body: JobBody<Path>, tell: (event: JobEvent<Path>) => void): Promise<void>;
  stop(): void;
}

export function useJob<Path extends JobPath>(path: Path): Job<Path> {
  const [progress, setProgress] = useState('');
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [trace, setTrace] = useState<TraceRead | undefined>(undefined);
  const [page, setPage] = useState<ReportPage | undefined>(undefined);
  const [running, setRunning] = useState(false);
  const end = useRef<AbortController | undefined>(undefined);
  const stop = (): void => end.current?.abort();
  useEffect(() => stop, []);
  return {
    ...{ running, progress, error, trace, page, stop },
    refuse: message => setError(message === undefined ? undefined : new ApiError(message, 0, undefined)),
    async run(body, tell) {
      end.current = new AbortController();
      const { signal } = end.current;
      setRunning(true);
      setError(undefined);
      setTrace(undefined);
      setPage(undefined);
      setProgress('starting');
      try {
        await runJob(path, body, signal, { progress: setProgress, read: setTrace, page: setPage, tell });
      } catch (wrong) {
        if (!signal.aborted) setError(asApiError(wrong));
      }
      setProgress('');
      setRunning(false);
    },
  };
}

/** The form that begins a job: `children` are its fields, below them the buttons, how far it is and what is wrong. */
export function JobForm<Path extends JobPath>(props: {
  job: Job<Path>;
  /** On the button, and while it runs. */
  verb: string;
  doing: string;
  ready?: boolean;
  onStart: () => void;
  children: ComponentChildren;
}) {
  const { job, verb, doing, ready = true, onStart, children } = props;
  return (
    <>
      <form
        class="plan-form"
        onSubmit={event => {
          event.preventDefault();
          onStart();
        }}
      >
        {children}
        <div class="actions">
          <button type="submit" class="primary" disabled={job.running || !ready}>
            {job.running ? doing : verb}
          </button>
          {job.running ? (
            <button type="button" onClick={job.stop}>
              Stop
            </button>
          ) : undefined}
          {job.page === undefined || job.running ? undefined : <SavePage page={job.page} />}
        </div>
      </form>
      <p class="hint" role="status">
        {job.progress}
      </p>
      <LeftOut trace={job.trace} />
      <ErrorNote error={job.error} />
    </>
  );
}

function SavePage({ page: { file, html } }: { page: ReportPage }) {
  return (
    <button type="button" title={file} onClick={() => save(file, html, 'text/html')}>
      Save the result as a page
    </button>
  );
}

/** Rows of a trace that were not played, and why. */
function LeftOut({ trace }: { trace: TraceRead | undefined }) {
  if (trace === undefined || trace.refusals.length === 0) return null;
  const rows = trace.refusals.reduce((sum, refusal) => sum + refusal.rows, 0);
  return (
    <details class="left-out">
      <summary>
        {counted(trace.requests, 'request')} read, {counted(rows, 'row')} left out
      </summary>
      <ul class="reasons">
        {trace.refusals.map(({ reason, rows: times, line }) => (
          <li key={reason}>
            {counted(times, 'row')}: {reason} (the first in line {line})
          </li>
        ))}
      </ul>
    </details>
  );
}
