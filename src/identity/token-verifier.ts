import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { Clock } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Role } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';
import { atLeast } from './roles.js';
import type { IssuerConfig } from './schema.js';
import { verifySigned } from './verify-signed.js';

/** Reads a JSON document at a URL, guarded by the caller: no redirect, bounded in time and size, only addresses that are allowed. */
export type FetchJson = (url: string) => Promise<unknown>;

/** What a token says, once its signature holds. */
export interface VerifiedToken {
  readonly user: string;
  readonly team: string | undefined;
  /** The role its claims give; `undefined` when no claim is looked at for it, or none gives one. */
  readonly role: Role | undefined;
  /** The role where nothing else gives one. */
  readonly defaultRole: Role;
  readonly expiresAt: Milliseconds;
}

/** Keys are looked for anew after this time, … */
const KEYS_FRESH: Milliseconds = 600_000;
/** … or at an unknown key id, but no sooner than this after the last look: a flood of forged tokens must not become one of fetches. */
const KEYS_PAUSE: Milliseconds = 30_000;
const MAX_TOKEN = 16_384;
const MAX_TOKEN_AGE: Milliseconds = 24 * 3_600_000;

interface IssuerKeys {
  readonly keySet: ReturnType<typeof createLocalJWKSet>;
  readonly at: Milliseconds;
}

/** Verifies JSON Web Tokens of the configured issuers, by their published keys (OpenID Connect discovery, RFC 8414; JWKS, RFC 7517). */
export class TokenVerifier {
  private issuers: ReadonlyMap<string, IssuerConfig> = new Map();
  private readonly keys = new Map<string, IssuerKeys>();
  private readonly looking = new Map<string, Promise<IssuerKeys>>();
  private readonly lookedAt = new Map<string, Milliseconds>();
  private readonly failed = new Map<string, WeirError>();

  /** @param onFailure told each time that an issuer's keys cannot be read. */
  constructor(
    issuers: readonly IssuerConfig[],
    private readonly fetchJson: FetchJson,
    private readonly clock: Clock,
    private readonly onFailure: (error: WeirError) => void = () => {},
  ) {
    this.configure(issuers);
  }

  /** Puts other issuers in force. The keys of those that stay are kept: an issuer may be away just now. */
  configure(issuers: readonly IssuerConfig[]): void {
    const before = this.issuers;
    this.issuers = new Map(issuers.map(issuer => [issuer.issuer, issuer]));
    for (const [name, { jwks_url: url }] of before) {
      const now = this.issuers.get(name);
      if (now !== undefined && now.jwks_url === url) continue;
      for (const known of [this.keys, this.looking, this.lookedAt, this.failed]) known.delete(name);
    }
  }

  /** Whether a credential has the form of a token; keys have not. */
  static looksLike(credential: string): boolean {
    return credential.startsWith('eyJ') && credential.length <= MAX_TOKEN && credential.split('.', 4).length === 3;
  }

  /**
   * @throws WeirError `auth.invalid`, `auth.expired`, or `auth.unavailable` when the issuer's keys cannot be read. Messages say what is
   *   wrong with the token and hold nothing of it.
   */
  async verify(token: string): Promise<VerifiedToken> {
    const config = this.issuers.get(issuerOf(token) ?? '');
    if (config === undefined) throw new WeirError('auth.invalid', 'The token is of no issuer that this gateway trusts');
    const { keySet } = await this.keysOf(config);
    try {
      return await this.check(token, config, keySet);
    } catch (error) {
      // The issuer may have begun to sign with another key.
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.looksOrMay(config.issuer)) throw refusalOf(error);
    }
    const { keySet: fresh } = await this.look(config);
    try {
      return await this.check(token, config, fresh);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  private async check(token: string, config: IssuerConfig, keySet: IssuerKeys['keySet']): Promise<VerifiedToken> {
    const now = this.clock.wall();
    const payload = await verifySigned(token, keySet, {
      issuer: config.issuer,
      audience: config.audience,
      algorithms: config.algorithms,
      clockTolerance: config.clock_skew / 1000,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iss', 'aud'],
    });
    const expiresAt = Math.min((payload.exp ?? 0) * 1000 + config.clock_skew, now + MAX_TOKEN_AGE);
    return { ...claimsOf(payload, config), defaultRole: config.default_role, expiresAt };
  }

  private keysOf(config: IssuerConfig): Promise<IssuerKeys> | IssuerKeys {
    const known = this.keys.get(config.issuer);
    if (known === undefined) {
      if (this.looksOrMay(config.issuer)) return this.look(config);
      // Not looked for again so soon: what went wrong then is said again.
      throw (
        this.failed.get(config.issuer) ??
        new WeirError('auth.unavailable', `The keys of ${config.issuer} are not known`)
      );
    }
    // Old keys are better than none: a token is not refused because its issuer does not answer just now.
    if (this.clock.now() - known.at > KEYS_FRESH && this.mayLook(config.issuer))
      return this.look(config).catch(() => known);
    return known;
  }

  private mayLook(issuer: string): boolean {
    const last = this.lookedAt.get(issuer);
    return last === undefined || this.clock.now() - last >= KEYS_PAUSE;
  }

  /** Whether an answer of the issuer can be had now: one that is on its way is everybody's. */
  private looksOrMay(issuer: string): boolean {
    return this.looking.has(issuer) || this.mayLook(issuer);
  }

  /** Reads an issuer's keys; those who ask meanwhile wait for the same answer. */
  private look(config: IssuerConfig): Promise<IssuerKeys> {
    const { issuer } = config;
    const running = this.looking.get(issuer);
    if (running !== undefined) return running;
    this.lookedAt.set(issuer, this.clock.now());
    const reading = this.read(config).finally(() => {
      if (this.looking.get(issuer) === reading) this.looking.delete(issuer);
    });
    this.looking.set(issuer, reading);
    return reading;
  }

  private async read(config: IssuerConfig): Promise<IssuerKeys> {
    try {
      const url = config.jwks_url ?? (await this.discover(config.issuer));
      const keySet = createLocalJWKSet((await this.fetchJson(url)) as JSONWebKeySet);
      const keys = { keySet, at: this.clock.now() };
      // They may be looked for elsewhere by now.
      if (this.issuers.get(config.issuer)?.jwks_url !== config.jwks_url) return keys;
      this.keys.set(config.issuer, keys);
      this.failed.delete(config.issuer);
      return keys;
    } catch (cause) {
      const why = isWeirError(cause) ? cause.message : 'its answer is not one';
      const hint = isWeirError(cause) && cause.hint !== undefined ? { hint: cause.hint } : undefined;
      const more = { cause, retryAfterMs: KEYS_PAUSE, ...hint };
      const error = new WeirError('auth.unavailable', `The keys of ${config.issuer} cannot be read: ${why}`, more);
      this.failed.set(config.issuer, error);
      this.onFailure(error);
      throw error;
    }
  }

  private async discover(issuer: string): Promise<string> {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found = (await this.fetchJson(url)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
    if (found?.issuer !== issuer || typeof found.jwks_uri !== 'string') {
      throw new WeirError('auth.unavailable', `${url} describes another issuer, or names no keys`);
    }
    return found.jwks_uri;
  }
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function claimsOf(payload: JWTPayload, config: IssuerConfig): Pick<VerifiedToken, 'user' | 'team' | 'role'> {
  const { claims } = config;
  const user = textOf(claimOf(payload, claims.user));
  if (user === undefined)
    throw new WeirError('auth.invalid', `The token has no claim ${claims.user} that names a user`);
  const team = claims.team === undefined ? undefined : textOf(claimOf(payload, claims.team));
  return { user, team, role: roleOf(payload, config) };
}

function roleOf(payload: JWTPayload, { claims, roles }: IssuerConfig): Role | undefined {
  if (claims.role === undefined) return undefined;
  const said = claimOf(payload, claims.role);
  let best: Role | undefined;
  for (const value of Array.isArray(said) ? said : [said]) {
    const role = typeof value === 'string' && Object.hasOwn(roles, value) ? roles[value] : undefined;
    if (role !== undefined && (best === undefined || atLeast(role, best))) best = role;
  }
  return best;
}

/** A claim by its name, or by its path where no claim has that name. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  // Not every database holds the character zero.
  return typeof first === 'string' && /^[^\0]{1,128}$/s.test(first) ? first : undefined;
}

function refusalOf(error: unknown): WeirError {
  if (isWeirError(error)) return error;
  if (error instanceof errors.JWTExpired) return new WeirError('auth.expired', 'The token has expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    return new WeirError('auth.invalid', `The token's claim ${error.claim} does not hold`);
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new WeirError('auth.invalid', 'The token is signed with an algorithm that is not accepted');
  return new WeirError('auth.invalid', "The token's signature does not hold", { cause: error });
}
