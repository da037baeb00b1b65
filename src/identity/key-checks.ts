import { WeirError } from '#contract/errors.js';
import type { Budget } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';
import type { Principal } from './roles.js';

/** The models that there are, as far as keys, teams and users may name them: real and virtual. */
export interface KnownModels {
  has(name: string): boolean;
  /** What was probably meant by a name that there is not; or else what there is. */
  suggestion(name: string): string | undefined;
}

/**
 * Sees that models which are newly allowed are there. Globs are for models to come, too. What was named before stays: a model that
 * has gone is no reason to keep people from changing something else.
 *
 * @throws WeirError `identity.invalid` with the path of the first that is not. Only an admin is told names of others.
 */
export function checkModels(
  known: KnownModels | undefined,
  { role }: Principal,
  models: readonly string[] = [],
  before: readonly string[] = [],
): void {
  const at = models.findIndex(name => !name.includes('*') && !before.includes(name) && known?.has(name) === false);
  const name = models[at];
  if (name === undefined) return;
  const hint = role === 'admin' ? known?.suggestion(name) : undefined;
  throw new WeirError('identity.invalid', `There is no model ${JSON.stringify(name)}`, {
    path: `models[${at}]`,
    hint: hint ?? 'a name that GET /v1/models lists, or a glob such as qwen-*',
  });
}

/**
 * Sees that a key does not end before it begins.
 *
 * @param end wall time as the form has it; `null` takes it away.
 * @param before as it was: what is past may stay so.
 * @throws WeirError `identity.invalid`.
 */
export function checkEnd(now: Milliseconds, end: Milliseconds | null | undefined, before?: Milliseconds): void {
  if (end === undefined || end === null || end === before || end > now) return;
  throw passed(now, end, 'expiresAt', '; revoking ends a key now');
}

/**
 * Sees that what is another amount for a while has a while to go. One that has run out may stay as it was.
 *
 * @throws WeirError `identity.invalid` with the path of the first that does not.
 */
export function checkOverrides(now: Milliseconds, budgets: readonly Budget[], before: readonly Budget[] = []): void {
  for (const [at, { override }] of budgets.entries()) {
    if (override === undefined || override.until > now) continue;
    const stood = before.some(({ override: old }) => old?.until === override.until && old.amount === override.amount);
    if (!stood) throw passed(now, override.until, `budgets[${at}].override.until`);
  }
}

function passed(now: Milliseconds, end: Milliseconds, path: string, instead = ''): WeirError {
  // Seconds of any time to come are a thousandth of it: far too small for a time in milliseconds that people would mean.
  const inSeconds = end * 1000 > now && end < now / 100;
  return new WeirError('identity.invalid', inSeconds ? 'These are seconds, not milliseconds' : 'This time has passed', {
    path,
    hint: inSeconds
      ? `milliseconds since 1970, did you mean ${end * 1000}?`
      : `milliseconds since 1970, after ${Math.floor(now)}${instead}`,
  });
}

/** @throws WeirError `identity.invalid` for a key that has ended: another secret of it would be good for nothing. */
export function checkNotEnded(now: Milliseconds, end: Milliseconds | undefined): void {
  if (end === undefined || end > now) return;
  throw new WeirError('identity.invalid', 'The key has expired', {
    path: 'expiresAt',
    hint: 'a later end first (PATCH /api/keys/{id}), or another key',
  });
}
