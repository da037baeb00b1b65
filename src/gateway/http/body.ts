import type { IncomingMessage } from 'node:http';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { NOWHERE } from '#gateway/roster.js';
import type { Watchdog, Watched } from '#gateway/upstream/watchdog.js';
import { BytePile } from '#protocols/byte-pile.js';

/** The least speed at which a body may come before it counts as stuck: bytes per second, on top of the time limit. */
const MIN_BYTES_PER_SECOND = 1024;

export interface BodyLimits {
  readonly bytes: Bytes;
  readonly timeoutMs: Milliseconds;
}

/**
 * Reads a request's body whole. `done` is called once: with the body, with `request.too_large` or `request.timeout`, or with
 * `client.gone` when the client broke off. Refused bodies are not read on: the caller closes the connection after its answer.
 */
export function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  time: { readonly clock: Clock; readonly watchdog: Watchdog },
  done: (result: Buffer | WeirError) => void,
): void {
  const body = new Body(limits, time.watchdog, time.clock.now() + limits.timeoutMs, done);
  time.watchdog.watch(body);
  request.on('data', body.onData);
  request.on('end', body.onEnd);
  request.on('error', body.onGone);
  request.on('close', body.onGone);
  // Whoever left before that is not told of again.
  if (request.destroyed) body.onGone();
}

class Body implements Watched {
  rosterPlace = NOWHERE;
  private readonly pile = new BytePile();
  private settled = false;

  constructor(
    private readonly limits: BodyLimits,
    private readonly watchdog: Watchdog,
    public deadline: Milliseconds,
    private readonly done: (result: Buffer | WeirError) => void,
  ) {}

  expired(): void {
    this.settle(new WeirError('request.timeout', 'The body did not arrive in time'));
  }

  readonly onData = (chunk: Buffer): void => {
    if (this.settled) return;
    this.deadline += (chunk.length / MIN_BYTES_PER_SECOND) * 1000;
    if (this.pile.length + chunk.length > this.limits.bytes) {
      const most = this.limits.bytes;
      this.settle(
        new WeirError('request.too_large', `The body is longer than ${most} bytes`, { hint: `at most ${most} bytes` }),
      );
    } else this.pile.push(chunk);
  };

  readonly onEnd = (): void => {
    if (!this.settled) this.settle(this.pile.take());
  };

  /** Every request closes in the end; only one whose body is not whole was broken off. */
  readonly onGone = (): void => {
    if (!this.settled) this.settle(new WeirError('client.gone', 'The client broke off while sending its body'));
  };

  private settle(result: Buffer | WeirError): void {
    if (this.settled) return;
    this.settled = true;
    this.watchdog.release(this);
    this.done(result);
  }
}
