import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter, RecordStore } from '#contract/stores.js';

/** Who watches may be many, but not without end. */
const MAX_WATCHERS = 256;

/** A record store that also tells those who watch of every record as it comes. Costs nothing while nobody watches. */
export class RecordFeed implements RecordStore {
  private readonly watchers = new Set<(record: DecisionRecord) => void>();

  constructor(private readonly store: RecordStore) {}

  get dropped(): number {
    return this.store.dropped;
  }

  append(record: DecisionRecord): void {
    this.store.append(record);
    if (this.watchers.size === 0) return;
    for (const watcher of this.watchers) watcher(record);
  }

  /** Tells `watcher`, which must not throw, of every record to come. @returns how to stop. */
  watch(watcher: (record: DecisionRecord) => void): () => void {
    if (this.watchers.size < MAX_WATCHERS) this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  find(id: string): Promise<DecisionRecord | undefined> {
    return this.store.find(id);
  }

  list(filter?: RecordFilter): Promise<readonly DecisionRecord[]> {
    return this.store.list(filter);
  }

  count(filter?: RecordFilter): Promise<number> {
    return this.store.count(filter);
  }

  flush(): Promise<void> {
    return this.store.flush();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
