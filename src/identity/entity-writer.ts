import type { AuditEntry } from '#contract/audit.js';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Actor, Key, SubjectKind, User, Versioned } from '#contract/identity.js';
import type { IdentityStore } from '#contract/identity-store.js';
import { checkOverrides } from './key-checks.js';
import { ownerOf } from './owners.js';
import { authorise, may, type Principal } from './roles.js';
import { forAudit } from './shown-key.js';

export interface EntityWriterPorts {
  readonly store: IdentityStore;
  readonly clock: Clock;
  /** Told of every change once it is durable: puts it in force in this process. */
  readonly applied: (entry: Versioned, audit: AuditEntry) => Promise<void> | void;
}

/** Keys, teams and users as the store has them: found for whoever may change them, and written together with their row of the log. */
export class EntityWriter {
  constructor(private readonly ports: EntityWriterPorts) {}

  /**
   * Writes an entity and its audit row as one, then has the change put in force.
   *
   * @throws WeirError `identity.invalid` where a budget's override has run out.
   */
  async commit(actor: Actor, action: string, put: Versioned, before?: Versioned['entity']): Promise<void> {
    checkOverrides(this.ports.clock.wall(), put.entity.budgets, before?.budgets);
    const audit = await this.ports.store.commit({
      put,
      audit: {
        at: this.ports.clock.wall(),
        actor,
        action,
        target: { kind: put.kind, id: put.entity.id },
        ...(before === undefined ? undefined : { before: forAudit(before) }),
        after: forAudit(put.entity),
      },
    });
    await this.ports.applied({ ...put, version: put.version + 1 } as Versioned, audit);
  }

  /** @throws WeirError `identity.not_found`. */
  async must<K extends SubjectKind>(kind: K, id: string): Promise<Versioned<K>> {
    const found = await this.ports.store.find({ kind, id });
    if (found === undefined)
      throw new WeirError('identity.not_found', `There is no ${kind} ${JSON.stringify(id.slice(0, 128))}`, {
        path: kind,
      });
    return found as Versioned<K>;
  }

  async mustExist(kind: 'team' | 'user', id: string | undefined): Promise<void> {
    if (id !== undefined) await this.must(kind, id);
  }

  /** One that the doer may change; one that is not his to see does not exist for him. */
  async mine<K extends 'key' | 'user'>(principal: Principal, kind: K, id: string): Promise<Versioned<K>> {
    const found = await this.must(kind, id);
    const owner = ownerOf(found as Versioned);
    if (!may(principal, `${kind}.read`, owner))
      throw new WeirError('identity.not_found', `There is no ${kind} ${JSON.stringify(id.slice(0, 128))}`, {
        path: kind,
      });
    authorise(principal, `${kind}.change`, { ...owner, role: (found.entity as Key | User).role });
    return found;
  }
}
