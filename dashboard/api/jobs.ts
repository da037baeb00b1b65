import { eventsOf } from '../event-stream.js';
import { ApiError, errorOf, post, reach } from './client.js';
import type { ReportPage, Streams, TraceRead } from './types.js';

export type JobPath = '/api/plans' | '/api/simulations' | '/api/what-if';
export type JobBody<Path extends JobPath> = Streams[Path]['body'];
type Events<Path extends JobPath> = Streams[Path]['events'];

/** Events that all jobs have. */
type Common = 'progress' | 'trace' | 'page' | 'failed';

/** What a job tells beside what all tell, by the name of the event. */
export type JobEvent<Path extends JobPath> = {
  readonly [Name in Exclude<keyof Events<Path>, Common>]: {
    readonly name: Name;
    readonly data: Events<Path>[Name];
  };
}[Exclude<keyof Events<Path>, Common>];

interface JobListener<Path extends JobPath> {
  progress(text: string): void;
  /** What was read of the trace. */
  read(trace: TraceRead): void;
  /** The result as a file. */
  page(page: ReportPage): void;
  tell(event: JobEvent<Path>): void;
}

/**
 * Has the gateway do a job and tells of it as it goes; returns after its last event. Ending `signal` stops the job.
 *
 * @throws ApiError when it could not be begun, failed, or broke off.
 */
export async function runJob<Path extends JobPath>(
  path: Path,
  body: Streams[Path]['body'],
  signal: AbortSignal,
  listener: JobListener<Path>,
): Promise<void> {
  const response = await reach(path, { ...post(body), signal });
  if (!response.ok || response.body === null) throw await errorOf(response);
  for await (const { name, data } of eventsOf(response.body)) {
    if (name === 'failed') {
      const { message, code, path: field, hint } = JSON.parse(data) as Events<Path>['failed'];
      throw new ApiError(message, 200, code, { hint, path: field });
    }
    if (name === 'trace') listener.read(JSON.parse(data) as TraceRead);
    else if (name === 'page') listener.page(JSON.parse(data) as ReportPage);
    else if (name === 'progress') listener.progress((JSON.parse(data) as Events<Path>['progress']).text);
    else listener.tell({ name, data: JSON.parse(data) } as JobEvent<Path>);
    if (name === 'plan' || name === 'simulation' || name === 'comparison') return;
  }
  throw new ApiError('The gateway ended the stream before there was a result.', 0, undefined);
}
