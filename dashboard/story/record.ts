import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../api/client.js';
import type { DecisionRecord } from '../api/types.js';

/** Records are written in batches: how long and how often one is asked for before it counts as absent. */
const PATIENCE_MS = 2000;
const RETRY_EVERY_MS = 150;

/** A request's record; waits a moment for one that is only just being written. @throws ApiError when there is none. */
async function readRecord(id: string, signal: AbortSignal): Promise<DecisionRecord> {
  const begun = performance.now();
  for (;;) {
    try {
      return await call('GET /api/records/{id}', { params: { id }, signal });
    } catch (error) {
      const enough = performance.now() - begun > PATIENCE_MS || signal.aborted;
      if (!(error instanceof ApiError) || error.status !== 404 || enough) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, RETRY_EVERY_MS));
  }
}

export interface RecordState {
  readonly id: string | undefined;
  readonly record: DecisionRecord | undefined;
  readonly error: ApiError | undefined;
}

/** The record of a request, or why there is none; neither while it is on its way. */
export function useRecord(id: string | undefined): RecordState {
  const [state, setState] = useState<RecordState>({ id, record: undefined, error: undefined });
  useEffect(() => {
    if (id === undefined) return;
    const stop = new AbortController();
    readRecord(id, stop.signal).then(
      record => setState({ id, record, error: undefined }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        setState({
          id,
          record: undefined,
          error: error instanceof ApiError ? error : new ApiError(String(error), 0, undefined),
        });
      },
    );
    return () => stop.abort();
  }, [id]);
  return state.id === id ? state : { id, record: undefined, error: undefined };
}

export function absence({ status, message }: ApiError): string {
  return status === 404
    ? 'There is no record of this request: it was turned away before anything was decided, or its record has been cleared.'
    : `The record cannot be read: ${message}`;
}
