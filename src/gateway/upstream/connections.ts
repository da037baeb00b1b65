import type { LookupFunction } from 'node:net';
import type { Clock } from '#contract/clock.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { Connection } from '#gateway/http1/connection.js';
import { Origin } from '#gateway/http1/origin.js';
import { requestHead } from '#gateway/http1/request-head.js';
import { type Answer, ask } from './ask.js';

const MOST_ROUTES = 8192;
const SWEEP_MS = 5000;

/** The way to one API of one replica. */
export class Route {
  /** Heads by the headers they are made of: those of a pool are one object for all its requests. */
  private readonly heads = new WeakMap<Readonly<Record<string, string>>, string>();

  constructor(
    readonly origin: Origin,
    readonly path: string,
    private readonly host: string,
    private readonly connectTimeout: Milliseconds,
  ) {}

  /** A connection to make a call on. @param fresh only a new one will do. */
  take(fresh: boolean): Connection {
    return this.origin.take(this.connectTimeout, fresh);
  }

  /** The head of a POST with these headers, up to where its length is written. */
  head(headers: Readonly<Record<string, string>>): string {
    const known = this.heads.get(headers);
    if (known !== undefined) return known;
    const head = requestHead('POST', this.path, this.host, headers);
    this.heads.set(headers, head);
    return head;
  }
}

export interface AskOptions {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Limit to the whole of the answer. */
  readonly timeout: Milliseconds;
  /** The longest body that is taken; 256 kB unless said. */
  readonly bytes?: Bytes;
  readonly signal?: AbortSignal;
}

/**
 * The connections to all replicas, by origin, kept over reloads of the configuration. Time limits after the connection stands are
 * {@link Watchdog}'s, which knows the difference between a first byte and the next.
 */
export class Connections {
  private readonly origins = new Map<string, Origin>();
  /** What {@link Connections.route} found out, by URL, path and limit: parsing a URL costs more than the rest of a look-up. */
  private readonly routes = new Map<string, Route>();
  private sweeping = false;

  /** @param lookup finds the addresses of hosts; the machine's own way unless said. */
  constructor(
    private readonly clock: Clock,
    private readonly lookup?: LookupFunction,
  ) {}

  /** The way to an API at a replica. The base URL may or may not end in `/v1`: people write both. */
  route(url: string, path: string, connectTimeout: Milliseconds): Route {
    const key = `${url}${path} ${connectTimeout}`;
    const known = this.routes.get(key);
    if (known !== undefined) return known;
    if (this.routes.size >= MOST_ROUTES) this.routes.clear();
    const { pathname, host } = new URL(url);
    const base = pathname.replace(/(?:\/v1)?\/*$/, '');
    const route = new Route(this.to(url), base + path, host, connectTimeout);
    this.routes.set(key, route);
    return route;
  }

  /** The connections to a URL's origin. */
  to(url: string): Origin {
    const { origin, protocol, hostname, port } = new URL(url);
    const known = this.origins.get(origin);
    if (known !== undefined) return known;
    const secure = protocol === 'https:';
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    const { lookup } = this;
    const by = lookup === undefined ? undefined : { lookup };
    const endpoint = { host, port: port === '' ? (secure ? 443 : 80) : Number(port), secure, ...by };
    const made = new Origin(endpoint, this.clock);
    this.origins.set(origin, made);
    this.sweepLater();
    return made;
  }

  /** One small call to a replica, beside inference: a probe, a fault. @throws WeirError when there is no whole answer. */
  async ask(url: string, connectTimeout: Milliseconds, options: AskOptions): Promise<Answer> {
    const { pathname, search, host } = new URL(url);
    const { method, headers = {}, body } = options;
    const head = `${requestHead(method, pathname + search, host, headers)}${body?.length ?? 0}\r\n\r\n`;
    return ask(this.to(url), head, body, { ...options, connectTimeout });
  }

  /** Gives up the connections to origins that no configured replica lives at any more, each once what is on it has ended. */
  keepOnly(urls: Iterable<string>): void {
    const wanted = new Set<string>();
    for (const url of urls) wanted.add(new URL(url).origin);
    for (const [name, origin] of this.origins) {
      if (wanted.has(name)) continue;
      this.origins.delete(name);
      this.routes.clear();
      origin.close();
    }
  }

  /** Drops every connection, whatever is on it. */
  destroy(): void {
    for (const origin of this.origins.values()) origin.destroy();
    this.origins.clear();
    this.routes.clear();
  }

  private sweepLater(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.clock.after(SWEEP_MS, () => {
      this.sweeping = false;
      for (const origin of this.origins.values()) origin.sweep();
      if (this.origins.size > 0) this.sweepLater();
    });
  }
}

export type { Answer } from './ask.js';
