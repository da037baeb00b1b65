import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import type { ResponseHead } from './response-head.js';
import { ResponseParser, type ResponseSink } from './response-parser.js';

/** Where connections go. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Finds the host's address; the machine's own way unless said. */
  readonly lookup?: LookupFunction;
}

/** One call on a connection. After `end` or `fail` nothing follows. */
export interface Exchanger {
  head(head: ResponseHead): void;
  /** @returns false to be sent nothing more until {@link Connection.resume}. */
  data(bytes: Buffer): boolean;
  end(): void;
  /** @param stale the connection had been idle and was closed as the request was sent ({@link STALE_WITHIN}): the engine has most likely not seen it. */
  fail(error: Error, stale: boolean): void;
}

/** Who keeps the connection between calls. */
export interface ConnectionOwner {
  /** It may be used for another call. */
  freed(connection: Connection): void;
  /** It is closed for good. */
  gone(connection: Connection): void;
}

/** Sockets read into this one buffer, one after the other: each read is taken out of it before the next begins. */
const READS = Buffer.allocUnsafeSlow(64 * 1024);
/** Up to this many bytes head and body are copied together: one write of one piece costs less than one of two. */
const TOGETHER_BYTES = 64 * 1024;

/**
 * A connection that had been idle and is closed within this time of a request, before a byte came back, was given up by the server
 * while the request was on its way: word of it takes a round trip at most, and one more try of TCP where it got lost (200 ms at least,
 * RFC 6298 as Linux has it). An end that comes later is that of a server which had the request.
 */
export const STALE_WITHIN: Milliseconds = 500;

/** One keep-alive connection to a server that speaks HTTP/1.1, with at most one call on it. */
export class Connection implements ResponseSink {
  /** When the last call on it ended. */
  idleSince: Milliseconds = 0;
  /** How long the server says that it keeps an idle connection; `undefined` when it says nothing. */
  keepMs: Milliseconds | undefined;
  dead = false;
  private readonly socket: Socket;
  private readonly parser = new ResponseParser(this);
  private call: Exchanger | undefined;
  private calls = 0;
  private sentAt: Milliseconds = 0;
  /** Something came back since the last call began, if only part of a head. */
  private heard = false;
  private paused = false;
  private trouble: Error | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    endpoint: Endpoint,
    connectTimeout: Milliseconds,
    private readonly owner: ConnectionOwner,
    private readonly clock: Clock,
  ) {
    this.socket = this.open(endpoint);
    this.socket.setNoDelay(true);
    this.socket.setKeepAlive(true, 60_000);
    this.socket.on('error', error => {
      this.dead = true;
      this.trouble ??= error;
    });
    this.socket.on('end', () => this.ended());
    this.socket.on('close', () => this.gone());
    this.timer = setTimeout(() => {
      this.trouble ??= Object.assign(new Error('no connection in time'), { code: CONNECT_TIMEOUT });
      this.socket.destroy();
    }, connectTimeout);
    this.socket.once(endpoint.secure ? 'secureConnect' : 'connect', () => this.connected());
  }

  /** Sends a request. @param head up to the empty line, that one included. */
  send(head: string, body: Buffer | undefined, call: Exchanger, bodiless = false): void {
    this.call = call;
    this.calls++;
    this.heard = false;
    this.sentAt = this.clock.now();
    this.parser.expect(bodiless);
    const { socket } = this;
    if (body === undefined || body.length === 0) socket.write(head, 'latin1');
    else if (body.length <= TOGETHER_BYTES) {
      const bytes = Buffer.allocUnsafe(head.length + body.length);
      bytes.write(head, 0, 'latin1');
      body.copy(bytes, head.length);
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }

  /** Closes at once, whatever is on it. Whoever has a call on it is told nothing. */
  destroy(): void {
    this.call = undefined;
    this.dead = true;
    this.socket.destroy();
  }

  /** {@link ResponseSink} */
  head(head: ResponseHead): void {
    const kept = KEEP_ALIVE.exec(head.get('keep-alive'));
    if (kept !== null) this.keepMs = Number(kept[1]) * 1000;
    this.call?.head(head);
  }

  /** {@link ResponseSink} */
  data(bytes: Buffer): void {
    if (this.call?.data(bytes) === false) this.paused = true;
  }

  /** {@link ResponseSink} */
  end(reusable: boolean): void {
    const { call } = this;
    this.call = undefined;
    this.resume();
    // An answer that comes before the request is written means that the rest of it would be taken for the next one.
    if (reusable && !this.dead && this.socket.writableLength === 0) this.owner.freed(this);
    else this.destroy();
    call?.end();
  }

  private open({ host, port, secure, lookup }: Endpoint): Socket {
    const to = lookup === undefined ? { host, port } : { host, port, lookup };
    if (secure) {
      const socket = connectTls({
        ...to,
        ...(isAddress(host) ? undefined : { servername: host }),
        ALPNProtocols: ['http/1.1'],
      });
      socket.on('data', (chunk: Buffer) => {
        if (!this.received(chunk, chunk.length)) socket.pause();
      });
      return socket;
    }
    return connectTcp({
      ...to,
      onread: { buffer: READS, callback: (length, bytes) => this.received(bytes as Buffer, length) },
    });
  }

  private connected(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** @returns false when nothing more is to be read for now. */
  private received(bytes: Buffer, length: number): boolean {
    this.heard = true;
    try {
      this.parser.push(bytes, 0, length);
    } catch (error) {
      this.trouble ??= error as Error;
      // Its end is told later: nobody is to be given it until then.
      this.dead = true;
      this.socket.destroy();
      return true;
    }
    return !this.paused;
  }

  private ended(): void {
    this.dead = true;
    if (!this.parser.close()) this.socket.destroy();
  }

  private gone(): void {
    clearTimeout(this.timer);
    this.dead = true;
    const { call } = this;
    this.call = undefined;
    this.owner.gone(this);
    if (call === undefined) return;
    const error =
      this.trouble ?? Object.assign(new Error('the other side closed the connection'), { code: 'HTTP_CLOSED' });
    call.fail(error, this.wasStale);
  }

  private get wasStale(): boolean {
    return this.calls > 1 && !this.heard && this.clock.now() - this.sentAt <= STALE_WITHIN;
  }
}

/** {@link Error} code of a connection that did not come about in time. */
export const CONNECT_TIMEOUT = 'HTTP_CONNECT_TIMEOUT';

const KEEP_ALIVE = /timeout=(\d{1,6})/;

/** TLS names no addresses (RFC 6066, section 3). */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}
