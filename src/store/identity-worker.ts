import { parentPort, workerData } from 'node:worker_threads';
import { isWeirError } from '#contract/errors.js';
import type { IdentityStore } from '#contract/identity-store.js';
import type { IdentityCall, IdentityReply } from './identity-messages.js';
import { openSqliteIdentityStore } from './sqlite-identity-store.js';

/** Entry of the thread that owns the identity database: a write that waits for the disk must not keep requests waiting. */

const port = parentPort!;
const { path } = workerData as { readonly path: string };

let store: IdentityStore | undefined;
try {
  store = openSqliteIdentityStore(path);
  send({ call: 0, value: undefined });
} catch (error) {
  send({ call: 0, error: troubleOf(error) });
  port.close();
}

/** Calls take effect one after the other, in the order in which they came. */
let before: Promise<unknown> = Promise.resolve();

port.on('message', ({ call, method, args }: IdentityCall) => {
  const work = store![method] as (...given: readonly unknown[]) => Promise<unknown>;
  const done = before.then(() => work.apply(store, args as unknown[]));
  before = done.catch(() => undefined);
  done.then(
    value => {
      send({ call, value });
      if (method === 'close') port.close();
    },
    (error: unknown) => send({ call, error: troubleOf(error) }),
  );
});

function troubleOf(error: unknown): NonNullable<IdentityReply['error']> {
  const message = error instanceof Error ? error.message : String(error);
  if (!isWeirError(error)) return { code: 'store.unavailable', message };
  return {
    code: error.code,
    message,
    ...(error.path === undefined ? undefined : { path: error.path }),
    ...(error.hint === undefined ? undefined : { hint: error.hint }),
  };
}

function send(reply: IdentityReply): void {
  port.postMessage(reply);
}
