import { WeirError } from '#contract/errors.js';
import { CidrSet, parseAddress } from './cidr.js';

/**
 * Networks that no URL from outside may lead to: this machine, private and link-local ones (cloud metadata among them), shared and
 * documentation ranges, multicast, and the IPv6 forms that IPv4 hides in. After the IANA special-purpose registries (RFC 6890).
 */
const SPECIAL = new CidrSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);

/**
 * Where clouds hand out the credentials of a machine: out of reach whatever is allowed. Beside link-local addresses, also as NAT64 and
 * 6to4 write them: AWS over IPv6, Google over IPv6, Alibaba, Oracle, and the host of Azure's machines.
 */
const METADATA = new CidrSet([
  '169.254.0.0/16',
  '64:ff9b::a9fe:0/112',
  '2002:a9fe::/32',
  'fe80::/10',
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32',
]);

/** Networks in which people run engines of their own: this machine, private and shared ones (RFC 1918, 4193, 6598). */
const ENGINES = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
];

/** Names of metadata services and of this machine: refused before they are looked up. */
const NAMES =
  /^(?:localhost|.*\.localhost|metadata|metadata\.google\.internal|instance-data|.*\.internal|.*\.local)\.?$/i;

/**
 * Keeps Weir from being used to reach what only Weir can reach: every URL that comes from outside the configuration file is judged
 * by its form ({@link AddressGuard.checkUrl}), and again by every address its name resolves to ({@link AddressGuard.allows}).
 */
export class AddressGuard {
  private readonly allowed: CidrSet;
  private readonly allowsSome: boolean;

  /** @param allow networks that may be reached although they are special. */
  constructor(allow: readonly string[] = []) {
    this.allowed = new CidrSet(allow);
    this.allowsSome = allow.length > 0;
  }

  /** For the URLs of engines, which an admin may have anywhere but where a machine's credentials are. */
  static forEngines(): AddressGuard {
    return new AddressGuard(ENGINES);
  }

  /** Whether a resolved address may be called. What is no address may not. */
  allows(address: string): boolean {
    if (parseAddress(address) === undefined || METADATA.has(address)) return false;
    return !SPECIAL.has(address) || this.allowed.has(address);
  }

  /**
   * The URL, read, when nothing in its form forbids it.
   *
   * @throws WeirError `network.blocked` for other schemes than https (http only to networks that are allowed), credentials in the
   *   URL, and addresses or names that are special.
   */
  checkUrl(text: string, path: string): URL {
    const blocked = (message: string, hint: string): WeirError =>
      new WeirError('network.blocked', message, { path, hint });
    if (text.length > 2048 || !URL.canParse(text)) throw blocked('This is no URL', 'an https URL');
    const url = new URL(text);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && this.allowsSome))
      throw blocked(
        `${url.protocol} is not a scheme that Weir calls`,
        url.protocol === 'http:' ? `an https URL, or for http its network in gateway.network.allow` : 'an https URL',
      );
    if (url.username !== '' || url.password !== '') throw blocked('A URL must not hold credentials', 'a URL without');
    if (parseAddress(host) === undefined) {
      if (NAMES.test(host) && !this.allowsSome) throw blocked(`${host} is a name inside`, 'a public host');
    } else if (!this.allows(host)) throw blocked(`${host} is an address inside`, ALLOW_HINT);
    return url;
  }

  /** @throws WeirError `network.blocked` unless every address that a name resolved to may be called. */
  checkResolved(host: string, addresses: readonly string[], path?: string): void {
    const bad = addresses.find(address => !this.allows(address));
    if (addresses.length > 0 && bad === undefined) return;
    throw new WeirError('network.blocked', `${host} resolves to ${bad ?? 'nothing'}, which Weir is not to call`, {
      hint: ALLOW_HINT,
      ...(path === undefined ? undefined : { path }),
    });
  }
}

const ALLOW_HINT = 'a public host, or its network in gateway.network.allow';
