import type { ErrorCode } from '#contract/errors.js';
import type { IdentityStore } from '#contract/identity-store.js';

/** A call of the store, as it crosses to the thread that owns the database. Calls are begun in the order in which they are sent. */
export interface IdentityCall {
  readonly call: number;
  readonly method: Exclude<keyof IdentityStore, 'watch'>;
  readonly args: readonly unknown[];
}

/** What became of a call; call 0 is the opening. */
export interface IdentityReply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly path?: string;
    readonly hint?: string;
  };
}
