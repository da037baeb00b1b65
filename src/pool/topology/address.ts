const V4 = /^\d+(?:\.\d+){3}$/;

/** Loopback, RFC 1918, link-local and shared (RFC 6598) addresses. */
const PRIVATE_V4 = /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

/** Loopback, unique-local (RFC 4193) and link-local addresses. */
const PRIVATE_V6 = /^\[(?:::1\]|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/;

/** Suffixes that are never resolved outside a network of one's own (RFC 6762, RFC 8375, and Kubernetes's). */
const PRIVATE_SUFFIX = /(?:^|\.)(?:localhost|local|internal|lan|home\.arpa|svc|cluster\.local)$/;

/**
 * Whether a URL's host can only be on this machine or in a private network, judged by its text alone: nothing is resolved.
 * Names without a dot count as private: they are resolved by a search domain or by a container network.
 */
export function isPrivate(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  // Parsing has written every form of an IPv4 address as four decimals.
  if (V4.test(hostname)) return PRIVATE_V4.test(hostname);
  if (hostname.startsWith('[')) return PRIVATE_V6.test(hostname);
  return !hostname.includes('.') || PRIVATE_SUFFIX.test(hostname);
}

/** The name of a replica within its pool: host and port, and the path where there is one. */
export function addressOf(url: string): string {
  const { host, protocol, port, pathname } = new URL(url);
  const withPort = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
  return pathname === '/' ? withPort : `${withPort}${pathname}`;
}
