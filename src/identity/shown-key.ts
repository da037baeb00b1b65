import type { Key } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';

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

/** A key without what nobody is shown. */
export function shown(key: Key, lastUsedAt?: Milliseconds): ShownKey {
  const { hash: _, previous, ...rest } = key;
  return {
    ...rest,
    ...(previous === undefined ? undefined : { previousUntil: previous.until }),
    ...(lastUsedAt === undefined ? undefined : { lastUsedAt }),
  };
}

/** What the log keeps of an entity: no hash of a secret. */
export function forAudit(entity: unknown): unknown {
  const { hash: _, previous, ...rest } = entity as Partial<Key>;
  return previous === undefined ? rest : { ...rest, previousUntil: previous.until };
}
