import { CommanderError } from 'commander';

/**
 * `found`: the command found what it looks for. `misuse`: wrong usage or unreadable input. `unread`: whoever read what it prints has left; 128 and the
 * number of SIGPIPE, as shells have it.
 */
export const EXIT = { done: 0, found: 1, misuse: 2, unread: 141 } as const;

/** Ends the running command with an exit code, once everything there is to say has been said. */
export function exit(code: (typeof EXIT)[keyof typeof EXIT]): never {
  throw new CommanderError(code, 'weir.exit', '');
}
