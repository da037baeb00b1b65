import type { Client } from 'pg';
import type { Milliseconds } from '#contract/units.js';
import { loadDriver } from './connect.js';

const RETRY_AFTER: Milliseconds = 100;
const RETRY_AFTER_AT_MOST: Milliseconds = 5000;
const TIMEOUT: Milliseconds = 3000;

/** Listens to what a database tells its clients on one channel, on a connection of its own that is made again whenever it breaks. */
export class Notices {
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private wait = RETRY_AFTER;
  private closed = false;

  /** @param heard called at every notice, and once after every connection: what was told in between went unheard. */
  constructor(
    private readonly url: string,
    private readonly channel: string,
    private readonly heard: () => void,
  ) {
    void this.connect();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.client?.end().catch(() => {});
  }

  private async connect(): Promise<void> {
    let again = false;
    const retry = (): void => {
      if (again) return;
      again = true;
      this.later();
    };
    try {
      const { Client } = await loadDriver('gateway.auth.postgres');
      if (this.closed) return;
      const client = new Client({
        connectionString: this.url,
        connectionTimeoutMillis: TIMEOUT,
        application_name: 'weir notices',
        keepAlive: true,
      });
      this.client = client;
      client.on('error', retry);
      client.on('end', retry);
      client.on('notification', this.heard);
      await client.connect();
      await client.query(`listen ${this.channel}`);
      this.wait = RETRY_AFTER;
      this.heard();
    } catch {
      void this.client?.end().catch(() => {});
      retry();
    }
  }

  private later(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.connect(), this.wait).unref();
    this.wait = Math.min(RETRY_AFTER_AT_MOST, this.wait * 2);
  }
}
