import type { IncomingMessage } from 'node:http';
import type { Cancel, Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Bytes, Milliseconds } from '#contract/units.js';

/** The least speed at which a body may come before it counts as stuck: bytes per second, beside the time limit. */
const MIN_BYTES_PER_SECOND = 1024;

/**
 * Reads a request's body whole. `done` is called once: with the body, with `request.too_large` or `request.timeout`, or with
 * `client.gone` when the client broke off. Refused bodies are not read on: the caller closes the connection after its answer.
 */
export function readBody(
  request: IncomingMessage,
  limits: { readonly bytes: Bytes; readonly timeoutMs: Milliseconds },
  clock: Clock,
  done: (result: Buffer | WeirError) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let settled = false;
  let cancel: Cancel | undefined;
  const settle = (result: Buffer | WeirError): void => {
    if (settled) return;
    settled = true;
    cancel?.();
    done(result);
  };
  // A body that comes with its head, nearly every one, is read before a timer would be worth its cost.
  setImmediate(() => {
    if (settled) return;
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > limits.bytes) {
      settle(tooLarge(limits.bytes));
      return;
    }
    const allowed = limits.timeoutMs + (declared / MIN_BYTES_PER_SECOND) * 1000;
    cancel = clock.after(allowed, () => settle(new WeirError('request.timeout', 'The body did not arrive in time')));
  });
  request.on('data', (chunk: Buffer) => {
    if (settled) return;
    size += chunk.length;
    if (size > limits.bytes) settle(tooLarge(limits.bytes));
    else chunks.push(chunk);
  });
  request.on('end', () =>
    settle(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)),
  );
  // Every request closes in the end; only one whose body is not whole was broken off.
  const gone = (): void => {
    if (!settled) settle(new WeirError('client.gone', 'The client broke off while sending its body'));
  };
  request.on('error', gone);
  request.on('close', gone);
}

function tooLarge(limit: Bytes): WeirError {
  return new WeirError('request.too_large', `The body is longer than ${limit} bytes`, {
    hint: `at most ${limit} bytes`,
  });
}
