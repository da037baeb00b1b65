import type { ReplicaEntry } from '#pool/replica-schema.js';
import type { PoolEntry } from '#pool/schema.js';
import type { ServedPool } from './served.js';

/** Where an engine tells of its prefix cache. */
export interface EventSource {
  readonly replica: string;
  readonly url: string;
  /** Absent where what was missed cannot be asked for. */
  readonly replay?: string | undefined;
  readonly topic: string;
}

/** The engines of a pool that tell of their caches. */
export function eventSources({ entry, replicas }: ServedPool): readonly EventSource[] {
  const { kv_events: events } = entry;
  if (events === undefined) return [];
  return replicas.map(({ id, target }) => {
    const own = ownOf(entry, target.url)?.kv_events;
    const at = (endpoint: string | undefined): string | undefined =>
      endpoint?.replace('{host}', () => new URL(target.url).hostname);
    const replay = at(own?.replay ?? events.replay);
    return { replica: id, url: at(own?.url) ?? at(events.url)!, replay, topic: events.topic };
  });
}

function ownOf({ replicas }: PoolEntry, url: string): ReplicaEntry | undefined {
  return replicas?.find(replica => replica.url === url);
}
