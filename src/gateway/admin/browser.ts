import type { IncomingMessage } from 'node:http';
import { WeirError } from '#contract/errors.js';

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;
const LOCAL_NAME = /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.localhost)$/i;

/**
 * Keeps pages of other sites out of the admin API, although the browser that shows them may reach it.
 *
 * - A name in `Host` that is not ours means that somebody's name now points here (DNS rebinding): addresses, `localhost` and
 *   `hosts` are ours.
 * - `Sec-Fetch-Site` and `Origin` tell a page of another site; programs send neither.
 *
 * @returns what is wrong, if anything.
 */
export function foreignCaller(request: IncomingMessage, hosts: readonly string[]): WeirError | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!ADDRESS.test(name) && !LOCAL_NAME.test(name) && !hosts.includes(name)) {
    return new WeirError('admin.unknown_host', `${JSON.stringify(name.slice(0, 80))} is no name of this gateway`, {
      path: 'host',
      hint: 'use its address or localhost, or list the name under gateway.admin.hosts',
    });
  }
  // `none`: the person typed the address; a page cannot cause that with anything but a GET.
  const same = site === undefined || site === 'same-origin' || (site === 'none' && request.method === 'GET');
  if (same && (origin === undefined || isOwn(origin, host))) return undefined;
  return new WeirError('admin.foreign_origin', 'Pages of other sites may not use the admin API', {
    path: origin === undefined ? 'sec-fetch-site' : 'origin',
    hint: 'call it from the dashboard of this gateway, or from a program',
  });
}

function isOwn(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** Headers of every answer of the admin API: nothing in it is a page, and nothing of it is kept. */
export const ADMIN_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;
