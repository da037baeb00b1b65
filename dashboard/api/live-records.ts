import type { DecisionRecord } from './types.js';

export interface LiveListener {
  record(record: DecisionRecord): void;
  /** So many came too fast to be shown. */
  skipped(count: number): void;
  /** The stream stands, or was lost and is being sought again. */
  connected(yes: boolean): void;
}

/** Requests as they end. @returns how to stop. */
export function liveRecords(listener: LiveListener): () => void {
  const source = new EventSource('/api/records/live');
  source.addEventListener('open', () => listener.connected(true));
  source.addEventListener('error', () => listener.connected(false));
  source.addEventListener('record', event => listener.record(JSON.parse(event.data) as DecisionRecord));
  source.addEventListener('skipped', event =>
    listener.skipped((JSON.parse(event.data) as { count: number }).count),
  );
  return () => source.close();
}
