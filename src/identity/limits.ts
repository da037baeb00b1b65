import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import type { Account } from './account.js';

/** Which rate a request ran into; counted by the caller. */
export type LimitCode = 'limit.requests' | 'limit.tokens' | 'limit.concurrency';

/** How soon a place may come free that nobody can foretell. */
const SOON: Milliseconds = 1000;

/** Takes a place and counts a request on all accounts, or on none. @returns what stands against it. */
export function takeRequest(accounts: readonly Account[], now: Milliseconds): WeirError | undefined {
  for (let i = 0; i < accounts.length; i++) {
    const account = accounts[i]!;
    if (account.open >= account.concurrency) {
      return new WeirError('limit.concurrency', `The ${account.label} has ${account.open} requests open already`, {
        hint: `at most ${account.concurrency} at once`,
        retryAfterMs: SOON,
      });
    }
    const { requests } = account;
    if (requests !== undefined && requests.remaining(now) < 1) {
      return new WeirError(
        'limit.requests',
        `The ${account.label} has sent ${requests.limit} requests within a minute`,
        {
          hint: `at most ${requests.limit} a minute`,
          retryAfterMs: requests.waitFor(now, 1),
        },
      );
    }
  }
  for (let i = 0; i < accounts.length; i++) {
    const account = accounts[i]!;
    account.open++;
    account.requests?.add(now, 1);
  }
  return undefined;
}

/** Gives the places back. */
export function leave(accounts: readonly Account[]): void {
  for (let i = 0; i < accounts.length; i++) accounts[i]!.open--;
}

/**
 * Whether an estimate of tokens has room on all accounts. One that is more than a whole minute's may go when nothing else went: it
 * could never go otherwise.
 */
export function checkTokens(accounts: readonly Account[], now: Milliseconds, tokens: number): WeirError | undefined {
  for (let i = 0; i < accounts.length; i++) {
    const account = accounts[i]!;
    const window = account.tokens;
    if (window === undefined || window.remaining(now) >= Math.min(tokens, window.limit)) continue;
    return new WeirError(
      'limit.tokens',
      `The ${account.label} has no room for about ${tokens} more tokens this minute`,
      {
        hint: `at most ${window.limit} a minute`,
        retryAfterMs: window.waitFor(now, Math.min(tokens, window.limit)),
      },
    );
  }
  return undefined;
}

type Headers = Record<string, number | string | readonly string[] | undefined>;

/** OpenAI's rate headers, of whichever account has the least room. */
export function addRateHeaders(accounts: readonly Account[], now: Milliseconds, into: Headers): void {
  addRate(accounts, now, into, 'requests');
  addRate(accounts, now, into, 'tokens');
}

function addRate(accounts: readonly Account[], now: Milliseconds, into: Headers, what: 'requests' | 'tokens'): void {
  let least = Number.POSITIVE_INFINITY;
  let tightest: Account | undefined;
  for (let i = 0; i < accounts.length; i++) {
    const remaining = accounts[i]![what]?.remaining(now) ?? Number.POSITIVE_INFINITY;
    if (remaining < least) {
      least = remaining;
      tightest = accounts[i];
    }
  }
  const window = tightest?.[what];
  if (window === undefined) return;
  into[`x-ratelimit-limit-${what}`] = String(window.limit);
  into[`x-ratelimit-remaining-${what}`] = String(Math.floor(least));
  into[`x-ratelimit-reset-${what}`] = `${(window.resetIn(now) / 1000).toFixed(3)}s`;
}
