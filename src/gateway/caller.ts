import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Caller } from '#contract/request.js';
import type { Claimed, Shown } from '#identity/authenticator.js';
import { CidrSet, parseAddress } from '#identity/cidr.js';
import type { Principal } from '#identity/roles.js';
import type { GatewayConfig } from './schema.js';

/** What becomes of a header. `secret` is never kept; the others only mean something when a trusted proxy sent them. */
type Meaning = 'secret' | 'cookie' | 'forwarded' | 'other_proxy' | keyof Claimed;

const ALWAYS: readonly (readonly [string, Meaning])[] = [
  ['authorization', 'secret'],
  ['proxy-authorization', 'secret'],
  ['x-api-key', 'secret'],
  ['api-key', 'secret'],
  ['cookie', 'cookie'],
  ['x-forwarded-for', 'forwarded'],
  ['forwarded', 'other_proxy'],
  ['x-real-ip', 'other_proxy'],
];

/** How heads are read under one configuration. */
export interface HeadRules {
  readonly proxies: CidrSet | undefined;
  readonly meanings: ReadonlyMap<string, Meaning>;
}

export function headRules({ trusted_proxies, identity_headers: names }: GatewayConfig): HeadRules {
  return {
    proxies: trusted_proxies.length === 0 ? undefined : new CidrSet(trusted_proxies),
    meanings: new Map([...ALWAYS, [names.user, 'user'], [names.team, 'team'], [names.role, 'role']]),
  };
}

/** The head of a request: who sends it, as far as the head tells, and what it shows to prove it. */
export interface Head extends Shown {
  readonly headers: Caller['headers'];
}

/**
 * Reads the raw head: Node's own header object costs twice as much. What only a proxy may say is taken out when no trusted one said
 * it, so that neither signals nor records ever see a forged identity.
 */
export function readHead(request: IncomingMessage, { proxies, meanings }: HeadRules): Head {
  const peer = request.socket.remoteAddress ?? '';
  const trusted = proxies?.has(peer) === true;
  // No prototype: a header may be named like a member of Object.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let credential: string | undefined;
  let forwarded: string | undefined;
  let claimed: Record<string, string | undefined> | undefined;
  const raw = request.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    const meaning = meanings.get(name);
    if (meaning === 'secret') credential ??= value;
    if (meaning === 'secret' || meaning === 'cookie' || (meaning !== undefined && !trusted)) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
    if (meaning === undefined || meaning === 'other_proxy') continue;
    if (meaning === 'forwarded') forwarded = headers[name];
    else {
      claimed ??= {};
      // Said twice it may be the client's word and the proxy's: then neither is believed.
      claimed[meaning] = before === undefined && value !== '' && value.length <= 128 ? value : undefined;
    }
  }
  const address = forwarded === undefined || proxies === undefined ? peer : clientBehind(proxies, forwarded, peer);
  return { address, headers, credential, claimed: claimed as Claimed | undefined };
}

/** The caller of a request, once it is established who that is; without a principal nobody was asked. */
export function callerOf({ address, headers, credential, claimed }: Head, principal?: Principal): Caller {
  if (principal === undefined) {
    const user = claimed?.user;
    if (user !== undefined) {
      return { address, headers, user, ...(credential === undefined ? undefined : { key: fingerprint(credential) }) };
    }
    return credential === undefined ? { address, headers } : { address, headers, key: fingerprint(credential) };
  }
  const { kind, id, team } = principal;
  const user = principal.user ?? claimed?.user;
  return {
    address,
    headers,
    ...(kind === 'key' || kind === 'bootstrap' ? { key: id } : undefined),
    ...(user === undefined ? undefined : { user }),
    ...(team === undefined ? undefined : { team }),
  };
}

/** The nearest address that is no trusted proxy: what stands left of it in `X-Forwarded-For` anyone can have written. */
function clientBehind(proxies: CidrSet, forwarded: string, peer: string): string {
  let client = peer;
  const hops = forwarded.split(',');
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = withoutPort(hops[i]!.trim());
    if (parseAddress(hop) === undefined) return client;
    client = hop;
    if (!proxies.has(hop)) return client;
  }
  return client;
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(hop);
  if (bracketed !== null) return bracketed[1]!;
  return /^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop;
}

/** The same key is the same caller, whichever header its API puts it in. */
const BEARER = /^bearer\s+/i;

/** Fingerprints of credentials seen lately, so that an unchanging key is hashed once. */
const fingerprints = new Map<string, string>();
const MAX_FINGERPRINTS = 4096;

/** A stable name for a credential from which it cannot be found again: SHA-256, shortened. */
function fingerprint(credential: string): string {
  const known = fingerprints.get(credential);
  if (known !== undefined) return known;
  if (fingerprints.size >= MAX_FINGERPRINTS) fingerprints.clear();
  const name = `key-${createHash('sha256').update(credential.replace(BEARER, '')).digest('hex').slice(0, 12)}`;
  fingerprints.set(credential, name);
  return name;
}
