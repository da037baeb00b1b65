import { hashOf } from './text/word-scanner.js';

/** Sessions that one signal names at most. */
export const MAX_SESSIONS = 256;

/**
 * A session's place in [0, 1), always the same: those below 0.05 are one in twenty, and all of them are among those below 0.1.
 * The bits of its hash are mixed with the finaliser of MurmurHash3, without which names that end alike would lie together.
 */
export function sessionPlace(session: string): number {
  let bits = hashOf(session);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
