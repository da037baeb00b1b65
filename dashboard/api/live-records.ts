import { eventsOf } from '../event-stream.js';
import { errorOf, reach } from './client.js';
import type { DecisionRecord } from './types.js';

export interface LiveListener {
  record(record: DecisionRecord): void;
  /** So many came too fast to be shown. */
  skipped(count: number): void;
  /** The stream stands, or was lost and is being sought again. */
  connected(yes: boolean): void;
}

const AGAIN_AFTER_MS = 2000;

/**
 * Requests as they end. Read with `fetch`: an `EventSource` cannot show a key.
 *
 * @returns how to stop.
 */
export function liveRecords(listener: LiveListener): () => void {
  const stop = new AbortController();
  let timer: number | undefined;
  const follow = async (): Promise<void> => {
    try {
      const response = await reach('/api/records/live', { signal: stop.signal });
      if (!response.ok || response.body === null) throw await errorOf(response);
      listener.connected(true);
      for await (const { name, data } of eventsOf(response.body)) {
        if (name === 'record') listener.record(JSON.parse(data) as DecisionRecord);
        else if (name === 'skipped') listener.skipped((JSON.parse(data) as { count: number }).count);
      }
    } catch {
      // Whatever ended it, it is sought again; that it is gone is shown.
    }
    if (stop.signal.aborted) return;
    listener.connected(false);
    timer = window.setTimeout(() => void follow(), AGAIN_AFTER_MS);
  };
  void follow();
  return () => {
    stop.abort();
    window.clearTimeout(timer);
  };
}
