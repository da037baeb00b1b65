import type { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import type { Account } from './account.js';
import type { CidrSet } from './cidr.js';
import type { ModelNames } from './model-names.js';
import type { Principal } from './roles.js';

/**
 * What a credential stands for, resolved once and kept: a request with a known one costs a lookup. Any change to a key, team or user
 * drops all grants; requests in flight end on theirs.
 */
export interface Grant {
  readonly principal: Principal;
  /** Key, user and team, as far as there are: all must have room. */
  readonly accounts: readonly Account[];
  /** Of key, user and team: all must allow the model. */
  readonly models: readonly ModelNames[];
  readonly networks: CidrSet | undefined;
  readonly expiresAt: Milliseconds;
  /** Why it does not hold, for a credential that is known but no longer good. */
  readonly refusal?: () => WeirError;
}

/** Whether a grant allows a model, by its real or virtual name. */
export function allowsModel({ models }: Grant, model: string): boolean {
  for (let i = 0; i < models.length; i++) if (!models[i]!.allows(model)) return false;
  return true;
}
