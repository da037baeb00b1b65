import { WeirError } from '#contract/errors.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { Connection, Exchanger } from '#gateway/http1/connection.js';
import type { Origin } from '#gateway/http1/origin.js';
import type { ResponseHead } from '#gateway/http1/response-head.js';
import { upstreamError } from './call.js';

/** A whole answer to a small call. */
export interface Answer {
  readonly status: number;
  readonly head: ResponseHead;
  readonly body: Buffer;
}

interface AskLimits {
  readonly connectTimeout: Milliseconds;
  readonly timeout: Milliseconds;
  readonly bytes?: Bytes;
  readonly signal?: AbortSignal;
}

const MOST_BYTES: Bytes = 256 * 1024;

/** Sends a request and gathers its answer. @throws WeirError `upstream.…` when none comes whole, in time and within the limits. */
export function ask(origin: Origin, head: string, body: Buffer | undefined, limits: AskLimits): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { connectTimeout, timeout, bytes = MOST_BYTES, signal } = limits;
    const pieces: Buffer[] = [];
    let size = 0;
    let answer: ResponseHead | undefined;
    let connection: Connection | undefined;
    const settled = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: WeirError): void => {
      settled();
      connection?.destroy();
      reject(error);
    };
    const onAbort = (): void => giveUp(new WeirError('upstream.connect', 'The call was called off'));
    const timer = setTimeout(
      () => giveUp(new WeirError('upstream.timeout', `The replica gave no whole answer in ${timeout} ms`)),
      timeout,
    );
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    const call: Exchanger = {
      head: got => {
        answer = got;
      },
      data: piece => {
        size += piece.length;
        if (size > bytes) giveUp(new WeirError('upstream.too_large', `The answer is longer than ${bytes} bytes`));
        else pieces.push(piece);
        return true;
      },
      end: () => {
        settled();
        if (answer !== undefined) resolve({ status: answer.status, head: answer, body: Buffer.concat(pieces) });
      },
      fail: (error, stale) => {
        if (stale) send(true);
        else giveUp(upstreamError(error, answer !== undefined));
      },
    };
    const send = (fresh: boolean): void => {
      connection = origin.take(connectTimeout, fresh);
      connection.send(head, body, call);
    };
    send(false);
  });
}
