import type { Transaction } from 'kysely';
import { type AuditDraft, type AuditEntry, auditHash, auditText } from '#contract/audit.js';
import { WeirError } from '#contract/errors.js';
import type { Versioned } from '#contract/identity.js';
import type { SpendName } from '#contract/identity-store.js';
import type { Milliseconds } from '#contract/units.js';
import type { IdentityTables } from './identity-table.js';

/** Writes that hold only inside a transaction: each looks at what there is and changes it, and nobody may come between. */

/** Notes a batch of spending. @returns whether it was not there before. */
export async function isNew(
  transaction: Transaction<IdentityTables>,
  { writer, seq, oldest }: SpendName,
): Promise<boolean> {
  await transaction.deleteFrom('spend_batch').where('writer', '=', writer).where('seq', '<', oldest).execute();
  const done = await transaction
    .insertInto('spend_batch')
    .values({ writer, seq, at: Date.now() })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  return Number(done.numInsertedOrUpdatedRows ?? 0) === 1;
}

/** Appends a row. The update of the head comes first: whoever else appends waits for it. */
export async function append(transaction: Transaction<IdentityTables>, draft: AuditDraft): Promise<AuditEntry> {
  const head = await transaction
    .updateTable('audit_head')
    .set(eb => ({ seq: eb('seq', '+', 1) }))
    .where('one', '=', 1)
    .returning(['seq', 'hash'])
    .executeTakeFirstOrThrow();
  const seq = Number(head.seq);
  const previous = head.hash;
  const text = auditText(draft);
  const hash = auditHash(seq, previous, text);
  const { at, actor, action, target } = draft;
  await transaction
    .insertInto('audit_log')
    .values({ seq, at, actor: actor.id, action, target: target.id, text, previous, hash })
    .execute();
  await transaction.updateTable('audit_head').set({ hash }).where('one', '=', 1).execute();
  return { ...draft, seq, previous, hash };
}

/**
 * Writes an entity over the version that it was made of, or as a new one.
 *
 * @throws WeirError `identity.exists`, `identity.conflict`.
 */
export async function write(transaction: Transaction<IdentityTables>, put: Versioned, at: Milliseconds): Promise<void> {
  const { kind, version, entity } = put;
  const document = JSON.stringify(entity);
  if (version === 0) {
    const done = await transaction
      .insertInto('entities')
      .values({ kind, id: entity.id, version: 1, document, changed_at: at })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst();
    if (Number(done.numInsertedOrUpdatedRows ?? 0) === 1) return;
    throw new WeirError('identity.exists', `There is a ${kind} ${JSON.stringify(entity.id)} already`, { path: 'id' });
  }
  const done = await transaction
    .updateTable('entities')
    .set({ version: version + 1, document, changed_at: at })
    .where('kind', '=', kind)
    .where('id', '=', entity.id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (Number(done.numUpdatedRows) === 1) return;
  throw new WeirError(
    'identity.conflict',
    `The ${kind} ${JSON.stringify(entity.id)} was changed by someone else meanwhile`,
    {
      hint: 'look at it again, then change it again',
    },
  );
}
