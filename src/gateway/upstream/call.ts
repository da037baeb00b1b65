import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { CONNECT_TIMEOUT, type Connection, type Exchanger } from '#gateway/http1/connection.js';
import { MalformedResponse, type ResponseHead } from '#gateway/http1/response-head.js';
import { NOWHERE } from '#gateway/roster.js';
import type { Route } from './connections.js';
import type { Watchdog, Watched } from './watchdog.js';

/** What a call is made of. */
export interface CallOptions {
  readonly route: Route;
  readonly headers: Record<string, string>;
  /** Limit from now to the first byte of the answer's body. */
  readonly firstByteMs: Milliseconds;
  /** Limit between two pieces of the answer's body. */
  readonly stallMs: Milliseconds;
}

/** Who makes the call. After `onEnd` or `onFail` nothing follows; after {@link UpstreamCall.abort} nothing at all. */
export interface CallListener {
  /** @param retryAfter as it stands in an answer that is an error; empty otherwise. */
  onHead(status: number, contentType: string, retryAfter: string): void;
  /** @returns false to be sent nothing more until {@link UpstreamCall.resume}. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onFail(error: WeirError): void;
  /** One of the others threw what it should not have: nothing of the call is left. */
  onDefect(error: unknown): void;
}

/** One HTTP call to a replica with deadlines, back-pressure and abort, and no promise or stream object. */
export class UpstreamCall implements Exchanger, Watched {
  rosterPlace = NOWHERE;
  deadline: Milliseconds;
  private connection: Connection | undefined;
  private ended = false;
  private sawData = false;

  constructor(
    private readonly options: CallOptions,
    private body: Buffer | undefined,
    private readonly listener: CallListener,
    private readonly clock: Clock,
    private readonly watchdog: Watchdog,
  ) {
    this.deadline = clock.now() + options.firstByteMs;
  }

  start(): void {
    this.watchdog.watch(this);
    this.send(false);
  }

  /** Ends the call and the connection it is on: the engine sees at once that nobody reads. */
  abort(): void {
    if (this.ended) return;
    this.close();
    this.connection?.destroy();
  }

  resume(): void {
    if (this.ended) return;
    // Waiting for a slow client is not the engine's stall.
    this.deadline = this.clock.now() + this.options.stallMs;
    this.connection?.resume();
  }

  expired(): void {
    const limit = this.sawData ? this.options.stallMs : this.options.firstByteMs;
    const what = this.sawData ? 'nothing more' : 'no first byte';
    this.connection?.destroy();
    this.conclude(new WeirError('upstream.timeout', `The replica gave ${what} for ${Math.round(limit)} ms`));
  }

  /** {@link Exchanger} */
  head(head: ResponseHead): void {
    this.body = undefined;
    if (this.ended) return;
    const encoding = head.get('content-encoding');
    if (encoding !== '' && encoding !== 'identity') {
      // Nobody asked for it, and nothing in it could be read.
      this.connection?.destroy();
      this.conclude(new WeirError('upstream.malformed', 'The replica answered in an encoding that nobody asked for'));
      return;
    }
    try {
      const retryAfter = head.status < 400 ? '' : head.get('retry-after');
      this.listener.onHead(head.status, head.get('content-type'), retryAfter);
    } catch (error) {
      this.defect(error);
    }
  }

  /** {@link Exchanger} */
  data(chunk: Buffer): boolean {
    if (this.ended) return true;
    this.sawData = true;
    let flows = true;
    try {
      flows = this.listener.onData(chunk);
    } catch (error) {
      this.defect(error);
    }
    if (flows) {
      this.deadline = this.clock.now() + this.options.stallMs;
      return true;
    }
    if (this.ended) return true;
    this.deadline = Number.POSITIVE_INFINITY;
    return false;
  }

  /** {@link Exchanger} */
  end(): void {
    if (this.ended) return;
    this.close();
    try {
      this.listener.onEnd();
    } catch (error) {
      this.defect(error);
    }
  }

  /** {@link Exchanger} */
  fail(error: Error, stale: boolean): void {
    if (this.ended) return;
    // The server closed an idle connection as we wrote on it: no fault of anybody, and a new one will do.
    if (stale) this.send(true);
    else this.conclude(upstreamError(error, this.sawData));
  }

  private send(fresh: boolean): void {
    const { route, headers } = this.options;
    this.connection = route.take(fresh);
    this.connection.send(`${route.head(headers)}${this.body?.length ?? 0}\r\n\r\n`, this.body, this);
  }

  private conclude(error: WeirError): void {
    if (this.ended) return;
    this.close();
    try {
      this.listener.onFail(error);
    } catch (cause) {
      this.defect(cause);
    }
  }

  /** Who reads the connection would take it for the engine's fault and tell nobody: whoever waits for the answer would wait for ever. */
  private defect(error: unknown): void {
    this.abort();
    this.listener.onDefect(error);
  }

  private close(): void {
    this.ended = true;
    this.body = undefined;
    this.watchdog.release(this);
  }
}

/** What a broken call means, in the catalogue's words. @param begun part of the answer had come. */
export function upstreamError(cause: Error, begun: boolean): WeirError {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  if (cause instanceof MalformedResponse) {
    return new WeirError('upstream.malformed', `The replica answered with no HTTP: ${cause.message}`, { cause });
  }
  if (begun) return new WeirError('upstream.cut', `The replica broke off (${code})`, { cause });
  if (code === CONNECT_TIMEOUT)
    return new WeirError('upstream.connect', 'The replica did not accept a connection in time', { cause });
  return new WeirError('upstream.connect', `No answer from the replica (${code})`, { cause });
}
