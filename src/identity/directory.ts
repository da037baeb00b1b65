import type { Entities, Key, SubjectKind, SubjectRef, Team, User, Versioned } from '#contract/identity.js';
import type { Accounts } from './accounts.js';
import { CidrSet } from './cidr.js';
import type { Grant } from './grant.js';
import { ModelNames } from './model-names.js';
import type { Principal } from './roles.js';

/** Keys, teams and users as they are now, in memory: some 100,000 keys take 100 MB, and no request asks a database. */
export class Directory {
  private readonly kinds: { readonly [K in SubjectKind]: Map<string, Versioned<K>> } = {
    key: new Map(),
    team: new Map(),
    user: new Map(),
  };
  private readonly byHash = new Map<string, string>();
  /** Counts changes: whoever keeps something derived from the directory looks whether it is still the same. */
  generation = 0;

  constructor(private readonly accounts: Accounts) {}

  /** Puts an entity in force, in the place of what had its id. */
  put(entry: Versioned): void {
    this.generation++;
    if (entry.kind === 'key') {
      const { entity } = entry;
      const before = this.kinds.key.get(entity.id)?.entity;
      for (const hash of hashesOf(before)) this.byHash.delete(hash);
      for (const hash of hashesOf(entity)) this.byHash.set(hash, entity.id);
    }
    (this.kinds[entry.kind] as Map<string, Versioned>).set(entry.entity.id, entry);
    this.accounts.of(entry.kind, entry.entity.id).limit(entry.entity.limits);
  }

  get<K extends SubjectKind>(kind: K, id: string): Versioned<K> | undefined {
    return this.kinds[kind].get(id) as Versioned<K> | undefined;
  }

  entity<K extends SubjectKind>(kind: K, id: string | undefined): Entities[K] | undefined {
    return id === undefined ? undefined : (this.kinds[kind].get(id)?.entity as Entities[K] | undefined);
  }

  has({ kind, id }: SubjectRef): boolean {
    return this.kinds[kind].has(id);
  }

  /** The key that a hash belongs to, by its secret of now or by the one before. */
  keyByHash(hash: string): Key | undefined {
    return this.entity('key', this.byHash.get(hash));
  }

  all<K extends SubjectKind>(kind: K): Entities[K][] {
    return [...this.kinds[kind].values()].map(({ entity }) => entity as Entities[K]);
  }

  /** The accounts, models and networks of someone, put together from key, user and team. */
  grantOf(principal: Principal, expiresAt: number, key?: Key): Grant {
    const user = this.entity('user', principal.user);
    const team = this.entity('team', principal.team);
    const { accounts } = this;
    const governed: readonly (Key | Team | User | undefined)[] = [key, user, team];
    return {
      principal,
      accounts: [
        ...(key === undefined ? [] : [accounts.of('key', key.id)]),
        ...(principal.user === undefined ? [] : [accounts.of('user', principal.user)]),
        ...(principal.team === undefined ? [] : [accounts.of('team', principal.team)]),
      ],
      models: governed.flatMap(entity =>
        entity === undefined || entity.models.length === 0 ? [] : new ModelNames(entity.models),
      ),
      networks: key === undefined || key.cidrs.length === 0 ? undefined : new CidrSet(key.cidrs),
      expiresAt,
    };
  }
}

function hashesOf(key: Key | undefined): readonly string[] {
  if (key === undefined) return [];
  return key.previous === undefined ? [key.hash] : [key.hash, key.previous.hash];
}
