import { AuditChain, type AuditDraft, type AuditEntry, type AuditVerdict } from '#contract/audit.js';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type {
  Actor,
  Budget,
  Entities,
  Key,
  SubjectKind,
  SubjectRef,
  Team,
  User,
  Versioned,
} from '#contract/identity.js';
import type { AuditFilter, IdentityStore, Spend } from '#contract/identity-store.js';
import type { Milliseconds } from '#contract/units.js';
import {
  keyChangeForm,
  newKeyForm,
  newTeamForm,
  newUserForm,
  readForm,
  teamChangeForm,
  userChangeForm,
} from './forms.js';
import { checkEnd, checkModels, checkNotEnded, checkOverrides, type KnownModels } from './key-checks.js';
import { authorise, may, mayAssign, type Owners, type Principal } from './roles.js';
import { hashSecret, newKeyId, newSecret, type SecretBytes, shownPrefix } from './secret.js';

/** A key as anyone may see it: without hashes, with when it was last used. */
export type ShownKey = Omit<Key, 'hash' | 'previous'> & {
  readonly lastUsedAt?: Milliseconds;
  /** Until when the secret before the last rotation is good. */
  readonly previousUntil?: Milliseconds;
};

/** A key with its secret: shown this once. */
export interface IssuedKey {
  readonly key: ShownKey;
  readonly secret: string;
}

/** Who does something, and from where. */
export interface Doer {
  readonly principal: Principal;
  readonly actor: Actor;
}

export interface GovernanceOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly secretBytes: SecretBytes;
  /** The models that there are now; where nobody says, any may be named. */
  readonly models?: (() => KnownModels) | undefined;
  /** Told of every change once it is durable: puts it in force in this process. */
  readonly applied: (entry: Versioned, audit: AuditEntry) => Promise<void> | void;
}

/** How long a rotated secret stays good unless said. */
const OVERLAP: Milliseconds = 24 * 3_600_000;
const MAX_OVERLAP: Milliseconds = 30 * 24 * 3_600_000;
const AUDIT_PAGE = 1000;

/**
 * Management of keys, teams and users: checks the role, checks the form, writes entity and audit row together, then puts the change
 * in force. The admin API, the command line and tests all come through here.
 */
export class Governance {
  constructor(private readonly options: GovernanceOptions) {}

  async createKey(doer: Doer, form: unknown): Promise<IssuedKey> {
    const { name, role = 'user', team: asked, user, ...rest } = readForm(newKeyForm, form);
    authorise(doer.principal, 'key.change', { role, team: asked, user });
    await this.mustExist('team', asked);
    const owner = await this.ownerOfKey(user);
    this.checkModels(doer, rest.models);
    checkEnd(this.options.clock.wall(), rest.expiresAt);
    const team = asked ?? teamOnlyOf(doer.principal, owner);
    this.checkAssigned(doer, { team, user, userTeam: owner?.team });
    const secret = newSecret(this.options.secretBytes);
    const key: Key = {
      ...DEFAULTS,
      cidrs: [],
      ...defined(rest),
      name,
      role,
      ...defined({ team, user }),
      id: newKeyId(this.options.secretBytes),
      hash: hashSecret(secret),
      prefix: shownPrefix(secret),
      createdAt: this.options.clock.wall(),
      createdBy: doer.actor.id,
    };
    await this.commit(doer, 'key.create', { kind: 'key', version: 0, entity: key });
    return { key: shown(key), secret };
  }

  async changeKey(doer: Doer, id: string, form: unknown): Promise<ShownKey> {
    const change = readForm(keyChangeForm, form);
    const before = await this.mine(doer, 'key', id);
    const key = changed(before.entity, change);
    authorise(doer.principal, 'key.change', key);
    await this.mustExist('team', key.team);
    const owner = await this.ownerOfKey(key.user);
    const { team, user } = before.entity;
    this.checkAssigned(doer, {
      ...(key.team === team ? undefined : { team: key.team, left: owner?.team === team ? undefined : team }),
      ...(key.user === user ? undefined : { user: key.user, userTeam: owner?.team }),
    });
    this.checkModels(doer, change.models, before.entity.models);
    checkEnd(this.options.clock.wall(), change.expiresAt, before.entity.expiresAt);
    await this.commit(doer, 'key.update', { ...before, entity: key }, before.entity);
    return shown(key);
  }

  /** Gives a key another secret; the one of now stays good for `overlapMs`. */
  async rotateKey(doer: Doer, id: string, overlapMs: Milliseconds = OVERLAP): Promise<IssuedKey> {
    if (!(overlapMs >= 0 && overlapMs <= MAX_OVERLAP))
      throw new WeirError('identity.invalid', 'The overlap is out of range', {
        path: 'overlapMs',
        hint: '0 to 30 days',
      });
    const before = await this.mine(doer, 'key', id);
    if (before.entity.revokedAt !== undefined)
      throw new WeirError('identity.invalid', 'The key was revoked', { path: 'id' });
    checkNotEnded(this.options.clock.wall(), before.entity.expiresAt);
    const secret = newSecret(this.options.secretBytes);
    const { previous: _, ...rest } = before.entity;
    const key: Key = {
      ...rest,
      hash: hashSecret(secret),
      prefix: shownPrefix(secret),
      ...(overlapMs === 0
        ? undefined
        : { previous: { hash: before.entity.hash, until: this.options.clock.wall() + overlapMs } }),
    };
    await this.commit(doer, 'key.rotate', { ...before, entity: key }, before.entity);
    return { key: shown(key), secret };
  }

  /** Ends a key for good, at once: its calls in flight may finish, new ones are refused. */
  async revokeKey(doer: Doer, id: string): Promise<ShownKey> {
    const before = await this.mine(doer, 'key', id);
    if (before.entity.revokedAt !== undefined) return shown(before.entity);
    const key: Key = { ...before.entity, revokedAt: this.options.clock.wall() };
    await this.commit(doer, 'key.revoke', { ...before, entity: key }, before.entity);
    return shown(key);
  }

  async createTeam(doer: Doer, form: unknown): Promise<Team> {
    const { id, name = id, ...rest } = readForm(newTeamForm, form);
    authorise(doer.principal, 'team.change', { team: id });
    this.checkModels(doer, rest.models);
    const team: Team = { ...DEFAULTS, ...defined(rest), id, name, createdAt: this.options.clock.wall() };
    await this.commit(doer, 'team.create', { kind: 'team', version: 0, entity: team });
    return team;
  }

  async changeTeam(doer: Doer, id: string, form: unknown): Promise<Team> {
    const change = readForm(teamChangeForm, form);
    authorise(doer.principal, 'team.change', { team: id });
    const before = await this.must('team', id);
    this.checkModels(doer, change.models, before.entity.models);
    const team = changed(before.entity, change);
    await this.commit(doer, 'team.update', { ...before, entity: team }, before.entity);
    return team;
  }

  async createUser(doer: Doer, form: unknown): Promise<User> {
    const { id, name = id, role = 'user', team, ...rest } = readForm(newUserForm, form);
    authorise(doer.principal, 'user.change', { role, team, user: id });
    await this.mustExist('team', team);
    this.checkModels(doer, rest.models);
    const createdAt = this.options.clock.wall();
    const user: User = { ...DEFAULTS, ...defined(rest), ...defined({ team }), id, name, role, createdAt };
    await this.commit(doer, 'user.create', { kind: 'user', version: 0, entity: user });
    return user;
  }

  async changeUser(doer: Doer, id: string, form: unknown): Promise<User> {
    const change = readForm(userChangeForm, form);
    const before = await this.mine(doer, 'user', id);
    const user = changed(before.entity, change);
    authorise(doer.principal, 'user.change', { role: user.role, team: user.team, user: id });
    await this.mustExist('team', user.team);
    this.checkModels(doer, change.models, before.entity.models);
    await this.commit(doer, 'user.update', { ...before, entity: user }, before.entity);
    return user;
  }

  async keys({ principal }: Doer): Promise<ShownKey[]> {
    const [entries, uses] = await Promise.all([this.options.store.load(), this.options.store.lastUses()]);
    return entries.flatMap(({ kind, entity }) =>
      kind === 'key' && may(principal, 'key.read', entity) ? [shown(entity, uses.get(entity.id))] : [],
    );
  }

  async teams({ principal }: Doer): Promise<Team[]> {
    const entries = await this.options.store.load();
    return entries.flatMap(({ kind, entity }) =>
      kind === 'team' && may(principal, 'team.read', { team: entity.id }) ? [entity] : [],
    );
  }

  async users({ principal }: Doer): Promise<User[]> {
    const entries = await this.options.store.load();
    return entries.flatMap(({ kind, entity }) =>
      kind === 'user' && may(principal, 'user.read', { team: entity.team, user: entity.id }) ? [entity] : [],
    );
  }

  /** What each key, team or user used between two wall times, to a quarter of an hour. */
  async usage(
    { principal }: Doer,
    kind: SubjectKind,
    since: Milliseconds,
    until: Milliseconds,
  ): Promise<readonly (SubjectRef & Spend)[]> {
    const [rows, entries] = await Promise.all([
      this.options.store.usage(kind, since, until),
      this.options.store.load(),
    ]);
    const owners = new Map(entries.map(entry => [`${entry.kind} ${entry.entity.id}`, ownerOf(entry)]));
    return rows.filter(row => may(principal, 'usage.read', owners.get(`${row.kind} ${row.id}`) ?? ownerOfRef(row)));
  }

  /** Logs a change of something else than a key, team or user, such as the configuration. */
  async note({ actor }: Doer, change: Pick<AuditDraft, 'action' | 'target' | 'after'>): Promise<void> {
    await this.options.store.log({ at: this.options.clock.wall(), actor, ...change });
  }

  async audit({ principal }: Doer, filter: AuditFilter): Promise<readonly AuditEntry[]> {
    authorise(principal, 'audit.read');
    return this.options.store.audit(filter);
  }

  /** Walks the whole log and says where it was altered, if it was. */
  async verifyAudit({ principal }: Doer): Promise<AuditVerdict> {
    authorise(principal, 'audit.read');
    const chain = new AuditChain();
    const length = await this.options.store.auditHead();
    for (let after = 0; ; ) {
      const page = await this.options.store.audit({ after, limit: AUDIT_PAGE });
      for (const entry of page) chain.add(entry);
      const last = page.at(-1);
      if (last === undefined || page.length < AUDIT_PAGE) return chain.verdict(length);
      after = last.seq;
    }
  }

  private async commit(doer: Doer, action: string, put: Versioned, before?: Versioned['entity']): Promise<void> {
    checkOverrides(this.options.clock.wall(), put.entity.budgets, before?.budgets);
    const audit = await this.options.store.commit({
      put,
      audit: {
        at: this.options.clock.wall(),
        actor: doer.actor,
        action,
        target: { kind: put.kind, id: put.entity.id },
        ...(before === undefined ? undefined : { before: forAudit(before) }),
        after: forAudit(put.entity),
      },
    });
    await this.options.applied({ ...put, version: put.version + 1 } as Versioned, audit);
  }

  private async must<K extends SubjectKind>(kind: K, id: string): Promise<Versioned<K>> {
    const found = await this.options.store.find({ kind, id });
    if (found === undefined)
      throw new WeirError('identity.not_found', `There is no ${kind} ${JSON.stringify(id.slice(0, 128))}`, {
        path: kind,
      });
    return found as Versioned<K>;
  }

  private async ownerOfKey(user: string | undefined): Promise<User | undefined> {
    return user === undefined ? undefined : (await this.must('user', user)).entity;
  }

  /** @throws WeirError `auth.role`. */
  private checkAssigned({ principal }: Doer, owners: Owners): void {
    if (mayAssign(principal, owners)) return;
    throw new WeirError('auth.role', `The role ${principal.role} does not allow a key of others`, {
      hint: 'the own team and user, or for a team lead a user of the team',
    });
  }

  private checkModels({ principal }: Doer, models?: readonly string[], before?: readonly string[]): void {
    checkModels(this.options.models?.(), principal, models, before);
  }

  private async mustExist(kind: 'team' | 'user', id: string | undefined): Promise<void> {
    if (id !== undefined) await this.must(kind, id);
  }

  /** One that the doer may change; one that is not his to see does not exist for him. */
  private async mine<K extends 'key' | 'user'>(doer: Doer, kind: K, id: string): Promise<Versioned<K>> {
    const found = await this.must(kind, id);
    const owner = ownerOf(found as Versioned);
    if (!may(doer.principal, `${kind}.read`, owner))
      throw new WeirError('identity.not_found', `There is no ${kind} ${JSON.stringify(id.slice(0, 128))}`, {
        path: kind,
      });
    authorise(doer.principal, `${kind}.change`, { ...owner, role: (found.entity as Key | User).role });
    return found;
  }
}

const DEFAULTS = { models: [] as string[], limits: {}, budgets: [] as Budget[], disabled: false, metadata: {} };

/** Whose an entity is: what roles are asked with. */
export function ownerOf(entry: Versioned): { readonly team?: string | undefined; readonly user?: string | undefined } {
  switch (entry.kind) {
    case 'key':
      return { team: entry.entity.team, user: entry.entity.user };
    case 'team':
      return { team: entry.entity.id };
    case 'user':
      return { team: entry.entity.team, user: entry.entity.id };
  }
}

/** The team of someone whose team is told by a token or proxy, and stands nowhere else: their keys are to count for it all the same. */
function teamOnlyOf({ role, team }: Principal, owner: User | undefined): string | undefined {
  return role === 'admin' || team === owner?.team ? undefined : team;
}

function ownerOfRef({ kind, id }: SubjectRef): { readonly team?: string; readonly user?: string } {
  if (kind === 'key') return {};
  return kind === 'team' ? { team: id } : { user: id };
}

/** The fields that are there: forms leave `undefined` where nothing was said. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** An entity with a form's fields put in; `null` takes one away. */
function changed<T extends Entities[SubjectKind]>(entity: T, change: object): T {
  const merged: object = { ...entity, ...defined(change) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as T;
}

function shown(key: Key, lastUsedAt?: Milliseconds): ShownKey {
  const { hash: _, previous, ...rest } = key;
  return {
    ...rest,
    ...(previous === undefined ? undefined : { previousUntil: previous.until }),
    ...(lastUsedAt === undefined ? undefined : { lastUsedAt }),
  };
}

/** What the log keeps of an entity: no hash of a secret. */
function forAudit(entity: unknown): unknown {
  const { hash: _, previous, ...rest } = entity as Partial<Key>;
  return previous === undefined ? rest : { ...rest, previousUntil: previous.until };
}
