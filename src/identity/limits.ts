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
    const { places, requests, label } = accounts[i]!;
    if (!places.free(now)) {
      return new WeirError('limit.concurrency', `The ${label} has ${places.taken(now)} requests open already`, {
        hint: `at most ${places.limit} at once`,
        retryAfterMs: SOON,
      });
    }
    if (requests?.allows(now, 1) === false) {
      const message = `The ${label} has sent ${requests.limit - Math.floor(requests.remaining(now))} requests within a minute`;
      return new WeirError('limit.requests', message, {
        hint: `at most ${requests.limit} a minute`,
        retryAfterMs: requests.waitFor(now, 1) || SOON,
      });
    }
  }
  for (let i = 0; i < accounts.length; i++) {
    const { places, requests } = accounts[i]!;
    places.take(now);
    requests?.use(now, 1);
  }
  return undefined;
}

/** Gives the places back. */
export function leave(accounts: readonly Account[], now: Milliseconds): void {
  for (let i = 0; i < accounts.length; i++) accounts[i]!.places.leave(now);
}

/**
 * Whether an estimate of tokens has room on all accounts. One that is more than a whole minute's may go when nothing else went: it
 * could never go otherwise.
 */
export function checkTokens(accounts: readonly Account[], now: Milliseconds, tokens: number): WeirError | undefined {
  for (let i = 0; i < accounts.length; i++) {
    const { tokens: rate, label } = accounts[i]!;
    if (rate === undefined) continue;
    const wanted = Math.min(tokens, rate.limit);
    if (rate.allows(now, wanted)) continue;
    return new WeirError('limit.tokens', `The ${label} has no room for about ${tokens} more tokens this minute`, {
      hint: `at most ${rate.limit} a minute`,
      retryAfterMs: rate.waitFor(now, wanted) || SOON,
    });
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
