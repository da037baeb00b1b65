import type { Dispatcher, Pool } from 'undici';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import type { Watchdog, Watched } from './watchdog.js';

/** What a call is made of. */
export interface CallOptions {
  readonly route: { readonly pool: Pool; readonly path: string };
  readonly headers: Record<string, string>;
  /** Limit from now to the first byte of the answer's body. */
  readonly firstByteMs: Milliseconds;
  /** Limit between two pieces of the answer's body. */
  readonly stallMs: Milliseconds;
}

/** Who makes the call. After `onEnd` or `onFail` nothing follows; after {@link UpstreamCall.abort} nothing at all. */
export interface CallListener {
  onHead(status: number, contentType: string): void;
  /** @returns false to be sent nothing more until {@link UpstreamCall.resume}. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onFail(error: WeirError): void;
}

/** One HTTP call to a replica: undici's dispatch with deadlines, back-pressure and abort, and no promise or stream object. */
export class UpstreamCall implements Dispatcher.DispatchHandler, Watched {
  deadline: Milliseconds;
  private controller: Dispatcher.DispatchController | undefined;
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
    const { route, headers } = this.options;
    const body = this.body;
    // undici keeps it for as long as it is needed.
    this.body = undefined;
    this.watchdog.watch(this);
    route.pool.dispatch({ method: 'POST', path: route.path, headers, body: body ?? null }, this);
  }

  /** Ends the call and the connection it is on: the engine sees at once that nobody reads. */
  abort(): void {
    if (this.ended) return;
    this.close();
    this.controller?.abort(ABORTED);
  }

  resume(): void {
    if (this.ended || this.controller === undefined) return;
    // Waiting for a slow client is not the engine's stall.
    this.deadline = this.clock.now() + this.options.stallMs;
    this.controller.resume();
  }

  expired(): void {
    const limit = this.sawData ? this.options.stallMs : this.options.firstByteMs;
    const what = this.sawData ? 'nothing more' : 'no first byte';
    this.fail(new WeirError('upstream.timeout', `The replica gave ${what} for ${Math.round(limit)} ms`));
    this.controller?.abort(ABORTED);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(ABORTED);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.ended || status < 200) return;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      // Nobody asked for it, and nothing in it could be read.
      this.fail(new WeirError('upstream.malformed', 'The replica answered in an encoding that nobody asked for'));
      controller.abort(ABORTED);
      return;
    }
    const type = headers['content-type'];
    this.listener.onHead(status, typeof type === 'string' ? type : '');
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.ended) return;
    this.sawData = true;
    if (this.listener.onData(chunk)) {
      this.deadline = this.clock.now() + this.options.stallMs;
    } else if (!this.ended) {
      this.deadline = Number.POSITIVE_INFINITY;
      controller.pause();
    }
  }

  onResponseEnd(): void {
    if (this.ended) return;
    this.close();
    this.listener.onEnd();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.ended) return;
    this.fail(asUpstreamError(error, this.sawData));
  }

  private fail(error: WeirError): void {
    if (this.ended) return;
    this.close();
    this.listener.onFail(error);
  }

  private close(): void {
    this.ended = true;
    this.watchdog.release(this);
  }
}

const ABORTED = new Error('aborted by the gateway');

function asUpstreamError(cause: Error, sawData: boolean): WeirError {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  if (sawData) return new WeirError('upstream.cut', `The replica broke off (${code})`, { cause });
  if (code === 'UND_ERR_CONNECT_TIMEOUT')
    return new WeirError('upstream.connect', 'The replica did not accept a connection in time', { cause });
  return new WeirError('upstream.connect', `No answer from the replica (${code})`, { cause });
}
