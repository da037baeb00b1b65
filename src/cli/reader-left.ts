import { EXIT } from './exit.js';

/** Set where there is more to do than to print. */
let goesOn = false;

/**
 * From now on a reader of standard output or standard error that leaves (`weir check | head -1`) ends the process without a word and with
 * {@link EXIT.unread}, as SIGPIPE, which Node ignores, ends other programs.
 */
export function endWithReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(onError)) stream.on('error', onError);
  }
}

/** From now on what nobody reads is lost and the process goes on: requests do not end with the reader of a log. */
export function outliveReaders(): void {
  endWithReaders();
  goesOn = true;
}

function onError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  if (!goesOn) process.exit(EXIT.unread);
}
