import { WeirError } from '#contract/errors.js';

/** What proxies are named by; in the place of the first for `https:` the second counts where it stands alone. */
const NAMES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/**
 * `fetch` by the proxies that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, either in small letters too), except to hosts of `NO_PROXY`; the
 * runtime's own where it names none. Hosts behind `https:` are reached through a tunnel (CONNECT), so a proxy sees none of what is said to them.
 *
 * @throws WeirError `usage.invalid` where what is named is no address of a proxy.
 */
export async function environmentFetch(): Promise<typeof fetch> {
  if (NAMES.every(name => !process.env[name])) return fetch;
  const { EnvHttpProxyAgent, fetch: through } = await import('undici');
  const dispatcher = proxies(() => new EnvHttpProxyAgent({ proxyTunnel: false }));
  const proxied = (url: URL, init: object) => through(url, { ...init, dispatcher });
  return proxied as unknown as typeof fetch;
}

/** What undici says of an address may hold the password in it. */
function proxies<Agent>(made: () => Agent): Agent {
  try {
    return made();
  } catch {
    throw new WeirError('usage.invalid', 'HTTPS_PROXY or HTTP_PROXY is no address of a proxy', {
      hint: 'http://proxy.example:3128, or http://user:password@proxy.example:3128',
    });
  }
}
