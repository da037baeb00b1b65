import type { ResponseStore, StoredResponse } from '#contract/stores.js';

/**
 * Stored responses that several processes write: what is not there may be on its way in another one, and is looked for again when
 * that has arrived.
 */
export class SettledResponses implements ResponseStore {
  constructor(
    private readonly store: ResponseStore,
    private readonly settle: () => Promise<void>,
  ) {}

  get dropped(): number {
    return this.store.dropped;
  }

  put(response: StoredResponse): void {
    this.store.put(response);
  }

  async find(owner: string, id: string): Promise<StoredResponse | undefined> {
    return (await this.store.find(owner, id)) ?? this.settled(() => this.store.find(owner, id));
  }

  async conversation(owner: string, id: string): Promise<readonly StoredResponse[] | undefined> {
    return (await this.store.conversation(owner, id)) ?? this.settled(() => this.store.conversation(owner, id));
  }

  async delete(owner: string, id: string): Promise<boolean> {
    // First, for what is deleted before it has come is never kept.
    await this.settle();
    return this.store.delete(owner, id);
  }

  flush(): Promise<void> {
    return this.store.flush();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private async settled<T>(again: () => Promise<T>): Promise<T> {
    await this.settle();
    return again();
  }
}
