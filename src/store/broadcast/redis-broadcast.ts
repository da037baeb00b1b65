import type { Redis } from 'ioredis';
import type { Broadcast } from '#contract/broadcast.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';

export interface RedisBroadcastOptions {
  /** `redis://…` or `rediss://…`. */
  readonly url: string;
  /** What the name of the channel begins with: processes with the same prefix hear one another. */
  readonly prefix: string;
}

const RETRY_AT_MOST: Milliseconds = 750;

/** Publish and subscribe of Redis, which keeps nothing: two connections, as one that listens can say nothing. */
export class RedisBroadcast implements Broadcast {
  private listener: (text: string) => void = () => {};
  private hears = false;
  private again: NodeJS.Timeout | undefined;

  private constructor(
    private readonly saying: Redis,
    private readonly hearing: Redis,
    private readonly channel: string,
  ) {
    hearing.on('message', (_channel: string, text: string) => this.listener(text));
    hearing.on('ready', () => this.subscribe());
    hearing.on('close', () => {
      this.hears = false;
    });
  }

  /**
   * Begins to connect, and goes on trying for as long as it is open.
   *
   * @throws WeirError `store.unavailable` when the package `ioredis` is not installed.
   */
  static async open({ url, prefix }: RedisBroadcastOptions): Promise<RedisBroadcast> {
    const { Redis: Client } = await import('ioredis').catch((cause: unknown) => {
      throw new WeirError('store.unavailable', 'Sharing over Redis needs the package ioredis', {
        path: 'gateway.shared.redis',
        hint: 'npm install ioredis@5',
        cause,
      });
    });
    const options = {
      enableOfflineQueue: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2000,
      retryStrategy: (times: number) => Math.min(RETRY_AT_MOST, 50 * times),
    };
    const channel = `{${prefix}}:pool`;
    const hearing = new Client(url, options);
    const saying = new Client(url, options);
    for (const client of [hearing, saying]) client.on('error', () => {});
    return new RedisBroadcast(saying, hearing, channel);
  }

  get connected(): boolean {
    return this.saying.status === 'ready' && this.hears;
  }

  tell(text: string): void {
    if (this.saying.status === 'ready') this.saying.publish(this.channel, text).catch(() => {});
  }

  listen(listener: (text: string) => void): void {
    this.listener = listener;
  }

  async close(): Promise<void> {
    // What has arrived already would still be heard.
    this.listen(() => {});
    clearTimeout(this.again);
    this.hearing.disconnect();
    this.saying.disconnect();
  }

  /** A server that refuses, as one does that is still loading or does not allow the channel yet, is asked again. */
  private subscribe(): void {
    clearTimeout(this.again);
    this.hearing.subscribe(this.channel).then(
      () => {
        this.hears = this.hearing.status === 'ready';
      },
      () => {
        // A connection that is made anew comes here by itself.
        if (this.hearing.status === 'ready') this.again = setTimeout(() => this.subscribe(), RETRY_AT_MOST).unref();
      },
    );
  }
}
