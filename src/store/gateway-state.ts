import type { ConfigVersionStore } from '#contract/stores.js';
import { configVersions } from './config-versions.js';
import { openStateDatabase, type StateDatabase } from './state-database.js';
import { trafficHistory } from './traffic-history.js';

/** What must outlive the process: one small database, opened on first use. */
export class GatewayState {
  private database: StateDatabase | undefined;
  private configurations: ConfigVersionStore | undefined;
  private history: ReturnType<typeof trafficHistory> | undefined;

  constructor(private readonly path: string) {}

  /** @throws WeirError `store.unavailable`. */
  get versions(): ConfigVersionStore {
    this.configurations ??= configVersions(this.open());
    return this.configurations;
  }

  /** @throws WeirError `store.unavailable`. */
  get traffic(): ReturnType<typeof trafficHistory> {
    this.history ??= trafficHistory(this.open());
    return this.history;
  }

  close(): void {
    if (this.database?.isOpen === true) this.database.close();
  }

  private open(): StateDatabase {
    this.database ??= openStateDatabase(this.path);
    return this.database;
  }
}
