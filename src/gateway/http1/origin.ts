import type { Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import { Connection, type ConnectionOwner, type Endpoint } from './connection.js';

/** How long a connection is kept idle for a server that does not say how long it keeps it. */
const KEEP_IDLE_MS = 30_000;
/** Longest time a connection is kept idle, whatever the server says. */
const MOST_IDLE_MS = 600_000;
/** A request that is on its way when the server gives up must not meet a closed door. */
const MARGIN_MS = 1000;

/** The connections to one origin: as many as there are calls at once, kept for a while when they are idle, the last used first. */
export class Origin implements ConnectionOwner {
  private readonly idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  private shut = false;

  constructor(
    readonly endpoint: Endpoint,
    private readonly clock: Clock,
  ) {}

  /** Whether its idle connections are given up: nothing is to be sent here any more. */
  get closed(): boolean {
    return this.shut;
  }

  /** Connections that are open, with a call on them or idle. */
  get size(): number {
    return this.all.size;
  }

  /**
   * A connection to send one request on: the one that was idle last, or a new one.
   *
   * @param connectTimeout limit to how long a new one may take to stand.
   * @param fresh only a new one will do.
   */
  take(connectTimeout: Milliseconds, fresh = false): Connection {
    while (!fresh) {
      const connection = this.idle.pop();
      if (connection === undefined) break;
      if (this.usable(connection)) return connection;
      connection.destroy();
    }
    const connection = new Connection(this.endpoint, connectTimeout, this, this.clock);
    this.all.add(connection);
    return connection;
  }

  /** {@link ConnectionOwner} */
  freed(connection: Connection): void {
    if (this.shut) {
      connection.destroy();
      return;
    }
    connection.idleSince = this.clock.now();
    this.idle.push(connection);
  }

  /** {@link ConnectionOwner} */
  gone(connection: Connection): void {
    this.all.delete(connection);
  }

  /** Gives up connections that have been idle for too long, or that the server has closed. */
  sweep(): void {
    let kept = 0;
    for (const connection of this.idle) {
      if (this.usable(connection)) this.idle[kept++] = connection;
      else connection.destroy();
    }
    this.idle.length = kept;
  }

  /** Keeps no connection any more; those with a call on them end with it. */
  close(): void {
    this.shut = true;
    for (const connection of this.idle.splice(0)) connection.destroy();
  }

  /** Ends all connections, whatever is on them. */
  destroy(): void {
    this.close();
    for (const connection of this.all) connection.destroy();
  }

  private usable({ dead, idleSince, keepMs }: Connection): boolean {
    return !dead && this.clock.now() - idleSince < keepOf(keepMs);
  }
}

function keepOf(said: Milliseconds | undefined): Milliseconds {
  return said === undefined ? KEEP_IDLE_MS : Math.min(MOST_IDLE_MS, said - MARGIN_MS);
}
