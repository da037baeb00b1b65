import type { Clock } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Key, Role } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';
import type { Directory } from './directory.js';
import type { Grant } from './grant.js';
import { RecentMap } from './recent.js';
import { atLeast, type Principal } from './roles.js';
import { hashSecret } from './secret.js';
import { TokenVerifier } from './token-verifier.js';

/** Who a trusted proxy says it is. */
export interface Claimed {
  readonly user?: string;
  readonly team?: string;
  readonly role?: string;
}

/** What the head of a request shows. */
export interface Shown {
  /** The value of `Authorization`, `x-api-key` or `api-key`, as it came. */
  readonly credential?: string | undefined;
  readonly address: string;
  /** Only ever set when a trusted proxy said so. */
  readonly claimed?: Claimed | undefined;
}

export interface AuthenticatorOptions {
  readonly adminKey: string | undefined;
  /** Whether what a trusted proxy says takes the place of a credential. */
  readonly proxy: boolean;
  readonly verifier: TokenVerifier;
}

/** Credentials that are remembered: at most twice as many. */
const MAX_KNOWN = 8192;
const FOREVER = Number.POSITIVE_INFINITY;

/** Says who a caller is. A credential that was seen lately costs a lookup; a new key a hash; a new token a signature. */
export class Authenticator {
  private readonly known = new RecentMap<Grant>(MAX_KNOWN);
  private readonly proxied = new RecentMap<Grant>(MAX_KNOWN);
  private generation = -1;
  private adminHash: string | undefined;

  constructor(
    private readonly directory: Directory,
    private readonly clock: Clock,
    private options: AuthenticatorOptions,
  ) {
    this.configure(options);
  }

  /** Puts other settings in force. */
  configure(options: AuthenticatorOptions): void {
    this.options = options;
    this.adminHash = options.adminKey === undefined ? undefined : hashSecret(options.adminKey);
    this.generation = -1;
  }

  /** @returns a promise only for a token that was not seen lately. */
  authenticate(shown: Shown): Grant | WeirError | Promise<Grant | WeirError> {
    if (this.generation !== this.directory.generation) {
      this.generation = this.directory.generation;
      this.known.clear();
      this.proxied.clear();
    }
    const { credential, claimed } = shown;
    if (credential === undefined) {
      if (this.options.proxy && claimed?.user !== undefined) return this.checked(this.proxyGrant(claimed), shown);
      return new WeirError('auth.missing', 'This gateway asks for a key', { hint: 'Authorization: Bearer wk-…' });
    }
    const known = this.known.get(credential);
    if (known !== undefined && !this.isToBeVerifiedAgain(known)) return this.checked(known, shown);
    const secret = secretIn(credential);
    if (secret === undefined) return INVALID();
    if (TokenVerifier.looksLike(secret)) return this.verifyToken(credential, secret, shown);
    const grant = this.keyGrant(secret);
    if (grant === undefined) return INVALID();
    this.known.set(credential, grant);
    return this.checked(grant, shown);
  }

  /** A token is taken for known for a day at most: it may be good for longer. */
  private isToBeVerifiedAgain({ principal, expiresAt }: Grant): boolean {
    return principal.kind === 'token' && this.clock.wall() >= expiresAt;
  }

  private checked(grant: Grant, { address }: Shown): Grant | WeirError {
    if (grant.refusal !== undefined) return grant.refusal();
    if (grant.expiresAt !== FOREVER && this.clock.wall() >= grant.expiresAt) {
      return new WeirError('auth.expired', `The ${grant.principal.kind} has expired`);
    }
    if (grant.networks !== undefined && !grant.networks.has(address)) {
      return new WeirError('auth.address', 'The key may not be used from this address');
    }
    return grant;
  }

  private keyGrant(secret: string): Grant | undefined {
    const hash = hashSecret(secret);
    if (hash === this.adminHash) {
      const principal: Principal = {
        kind: 'bootstrap',
        id: 'admin',
        name: 'the admin key of the configuration',
        role: 'admin',
      };
      return this.directory.grantOf(principal, FOREVER);
    }
    const key = this.directory.keyByHash(hash);
    if (key === undefined) return undefined;
    const { name, id, user, team } = key;
    const owner = this.directory.entity('user', user);
    // A key never outranks the user it belongs to.
    const role = owner !== undefined && !atLeast(owner.role, key.role) ? owner.role : key.role;
    const principal: Principal = {
      kind: 'key',
      id,
      name,
      role,
      ...optional('user', user),
      ...optional('team', team ?? owner?.team),
    };
    const grant = this.directory.grantOf(principal, expiryOf(key, hash), key);
    return this.refusing(grant, key.revokedAt !== undefined ? 'was revoked' : key.disabled ? 'is disabled' : undefined);
  }

  private async verifyToken(credential: string, token: string, shown: Shown): Promise<Grant | WeirError> {
    const { options } = this;
    try {
      const said = await options.verifier.verify(token);
      const { generation } = this.directory;
      const grant = this.userGrant('token', said.user, said.team, said.role, said.defaultRole, said.expiresAt);
      // What was verified by settings that have been replaced meanwhile is not remembered.
      if (generation === this.generation && options === this.options) this.known.set(credential, grant);
      return this.checked(grant, shown);
    } catch (error) {
      if (isWeirError(error)) return error;
      throw error;
    }
  }

  private proxyGrant({ user = '', team, role }: Claimed): Grant {
    const name = JSON.stringify([user, team, role]);
    const known = this.proxied.get(name);
    if (known !== undefined) return known;
    const said = role !== undefined && isRole(role) ? role : undefined;
    const grant = this.userGrant('proxy', user, team, said, 'user', FOREVER);
    this.proxied.set(name, grant);
    return grant;
  }

  private userGrant(
    kind: 'token' | 'proxy',
    id: string,
    team: string | undefined,
    role: Role | undefined,
    defaultRole: Role,
    expiresAt: Milliseconds,
  ): Grant {
    const user = this.directory.entity('user', id);
    const principal: Principal = {
      kind,
      id,
      name: id,
      role: role ?? user?.role ?? defaultRole,
      user: id,
      ...optional('team', team ?? user?.team),
    };
    return this.refusing(this.directory.grantOf(principal, expiresAt), undefined);
  }

  /** The grant, or one that refuses: for what is wrong with the key, or a user or team that is disabled. */
  private refusing(grant: Grant, wrong: string | undefined): Grant {
    const { principal } = grant;
    const user = this.directory.entity('user', principal.user);
    const team = this.directory.entity('team', principal.team);
    const what =
      wrong !== undefined
        ? `The key ${wrong}`
        : user?.disabled
          ? 'The user is disabled'
          : team?.disabled
            ? 'The team is disabled'
            : undefined;
    return what === undefined ? grant : { ...grant, refusal: () => new WeirError('auth.revoked', what) };
  }
}

const INVALID = (): WeirError =>
  new WeirError('auth.invalid', 'The key or token is not known', { hint: 'Authorization: Bearer wk-…' });

/** The secret in a header's value: bare, behind `Bearer`, or the password of `Basic`, which browsers can be asked for. */
function secretIn(credential: string): string | undefined {
  if (credential.length > 20_000) return undefined;
  const space = credential.indexOf(' ');
  if (space < 0) return credential;
  const scheme = credential.slice(0, space).toLowerCase();
  const rest = credential.slice(space + 1).trim();
  if (scheme === 'bearer') return rest;
  if (scheme !== 'basic') return undefined;
  const decoded = Buffer.from(rest, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}

/** Of a secret that was rotated out, when its overlap ends; of another, when the key ends. */
function expiryOf(key: Key, hash: string): Milliseconds {
  const end = key.expiresAt ?? FOREVER;
  return key.previous?.hash === hash && key.hash !== hash ? Math.min(end, key.previous.until) : end;
}

function isRole(text: string): text is Role {
  return text === 'admin' || text === 'team_lead' || text === 'user' || text === 'viewer';
}

function optional<Name extends string>(name: Name, value: string | undefined): { readonly [K in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: string };
}
