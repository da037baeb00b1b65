import { Pool } from 'undici';
import type { Milliseconds } from '#contract/units.js';

interface Entry {
  readonly pool: Pool;
  readonly connectTimeout: Milliseconds;
}

/**
 * One undici pool for each origin that replicas live at, kept over reloads of the configuration. Time limits after the connection
 * stands are {@link Watchdog}'s, which knows the difference between a first byte and the next.
 */
export class Connections {
  private readonly entries = new Map<string, Entry>();

  /** The pool for a replica's origin; opened on first use. */
  to(url: string, connectTimeout: Milliseconds): Pool {
    const origin = originOf(url);
    const known = this.entries.get(origin);
    if (known !== undefined && known.connectTimeout === connectTimeout) return known.pool;
    if (known !== undefined) void known.pool.close();
    const pool = new Pool(origin, {
      pipelining: 1,
      keepAliveTimeout: 20_000,
      keepAliveMaxTimeout: 600_000,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: connectTimeout },
    });
    this.entries.set(origin, { pool, connectTimeout });
    return pool;
  }

  /** Closes the pools of origins that no configured replica lives at any more, once what is on them has ended. */
  keepOnly(urls: Iterable<string>): void {
    const wanted = new Set<string>();
    for (const url of urls) wanted.add(originOf(url));
    for (const [origin, entry] of this.entries) {
      if (wanted.has(origin)) continue;
      this.entries.delete(origin);
      void entry.pool.close();
    }
  }

  /** Drops every connection, whatever is on it. */
  async destroy(): Promise<void> {
    const pools = [...this.entries.values()].map(entry => entry.pool);
    this.entries.clear();
    await Promise.allSettled(pools.map(pool => pool.destroy()));
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}

/** A call's path at a replica. The base URL may or may not end in `/v1`: people write both. */
export function pathAt(url: string, path: string): string {
  return new URL(url).pathname.replace(/(?:\/v1)?\/*$/, '') + path;
}
