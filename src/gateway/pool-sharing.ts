import type { Broadcast } from '#contract/broadcast.js';
import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import type { LivePool } from '#pool/pool.js';
import { newsText, readNews } from './news-text.js';

export interface PoolSharingOptions {
  readonly pool: LivePool;
  readonly broadcast: Broadcast;
  readonly clock: Clock;
  /** Another one for each process. */
  readonly process: string;
  /** Time between two tellings while there is something to tell; 50 ms unless said. */
  readonly everyMs?: Milliseconds;
}

/** With nothing to tell, it says so this often: what is not repeated is forgotten ({@link HEARD_FOR}). */
const AT_LEAST_EVERY: Milliseconds = 1000;

/**
 * Tells other gateways what this one has on the replicas and hears it of them, several times a second. Nothing on the way of a request
 * waits for it: without the others, placement knows what this process has sent and no more.
 */
export class PoolSharing {
  private timer: Cancel | undefined;
  private toldAt = Number.NEGATIVE_INFINITY;
  private last = '';
  private closed = false;

  constructor(private readonly options: PoolSharingOptions) {
    options.broadcast.listen(text => {
      const heard = readNews(text);
      if (heard !== undefined && heard.from !== options.process) options.pool.hear(heard.from, heard.news);
    });
    this.plan();
  }

  /** Whether the others can be reached. */
  get connected(): boolean {
    return this.options.broadcast.connected;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.timer?.();
    await this.options.broadcast.close();
  }

  private plan(): void {
    this.timer = this.options.clock.after(this.options.everyMs ?? 50, () => {
      this.tell();
      if (!this.closed) this.plan();
    });
  }

  private tell(): void {
    const { pool, broadcast, process, clock } = this.options;
    const text = newsText(process, pool.news());
    const now = clock.now();
    if (text === this.last && now - this.toldAt < AT_LEAST_EVERY) return;
    this.last = text;
    this.toldAt = now;
    broadcast.tell(text);
  }
}
