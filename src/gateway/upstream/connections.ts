import { createRequire } from 'node:module';
import type { Dispatcher, Pool as UndiciPool } from 'undici';
import type { Milliseconds } from '#contract/units.js';

/**
 * undici's pool and its `request` alone. Its entry point also loads fetch, web sockets, caches and proxies: a tenth of a second and ten megabytes
 * that a gateway has no use for. The version is pinned, and a test sees that the files are where they are looked for.
 */
const require = createRequire(import.meta.url);
const Pool = require('undici/lib/dispatcher/pool.js') as typeof UndiciPool;
const { request } = require('undici/lib/api/index.js') as {
  request(this: UndiciPool, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
};

const MOST_ROUTES = 8192;

interface Entry {
  readonly pool: UndiciPool;
  readonly connectTimeout: Milliseconds;
}

/**
 * One undici pool for each origin that replicas live at, kept over reloads of the configuration. Time limits after the connection
 * stands are {@link Watchdog}'s, which knows the difference between a first byte and the next.
 */
export class Connections {
  private readonly entries = new Map<string, Entry>();
  /** What {@link Connections.route} found out, by URL and path: parsing a URL costs more than the rest of a look-up. */
  private readonly routes = new Map<
    string,
    { readonly pool: UndiciPool; readonly path: string; readonly connectTimeout: Milliseconds }
  >();

  /** The pool and the path for an API call at a replica. The base URL may or may not end in `/v1`: people write both. */
  route(url: string, path: string, connectTimeout: Milliseconds): { readonly pool: UndiciPool; readonly path: string } {
    const key = url + path;
    const known = this.routes.get(key);
    if (known !== undefined && known.connectTimeout === connectTimeout) return known;
    if (this.routes.size >= MOST_ROUTES) this.routes.clear();
    const base = new URL(url).pathname.replace(/(?:\/v1)?\/*$/, '');
    const route = { pool: this.to(url, connectTimeout), path: base + path, connectTimeout };
    this.routes.set(key, route);
    return route;
  }

  /** The pool for a replica's origin; opened on first use. */
  to(url: string, connectTimeout: Milliseconds): UndiciPool {
    const origin = originOf(url);
    const known = this.entries.get(origin);
    if (known !== undefined && known.connectTimeout === connectTimeout) return known.pool;
    if (known !== undefined) {
      void known.pool.close();
      this.routes.clear();
    }
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

  /** One small call to a replica, beside inference: a probe, a fault. */
  ask(
    url: string,
    connectTimeout: Milliseconds,
    options: Omit<Dispatcher.RequestOptions, 'path'>,
  ): Promise<Dispatcher.ResponseData> {
    const { pathname, search } = new URL(url);
    return request.call(this.to(url, connectTimeout), { ...options, path: pathname + search });
  }

  /** Closes the pools of origins that no configured replica lives at any more, once what is on them has ended. */
  keepOnly(urls: Iterable<string>): void {
    const wanted = new Set<string>();
    for (const url of urls) wanted.add(originOf(url));
    for (const [origin, entry] of this.entries) {
      if (wanted.has(origin)) continue;
      this.entries.delete(origin);
      this.routes.clear();
      void entry.pool.close();
    }
  }

  /** Drops every connection, whatever is on it. */
  async destroy(): Promise<void> {
    const pools = [...this.entries.values()].map(entry => entry.pool);
    this.entries.clear();
    this.routes.clear();
    await Promise.allSettled(pools.map(pool => pool.destroy()));
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}
