import { isWeirError } from '#contract/errors.js';
import type { Verdict } from '#contract/learned.js';

/** What a verdict says of a model that could not be asked. */
export function unasked(error: unknown): Pick<Verdict, 'loading'> & { readonly reason: string } {
  const reason = reasonOf(error);
  return isWeirError(error) && error.code === 'model.loading' ? { reason, loading: true } : { reason };
}

/** What went wrong, and what would be right or what the runtime said of it where that is known. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isWeirError(error) && error.hint !== undefined ? `${message}; ${error.hint}` : message;
}
