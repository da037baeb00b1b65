import { isWeirError } from '#contract/errors.js';
import type { Verdict } from '#contract/learned.js';

/** What a verdict says of a model that could not be asked. */
export function unasked(error: unknown): Pick<Verdict, 'loading'> & { readonly reason: string } {
  const reason = error instanceof Error ? error.message : String(error);
  return isWeirError(error) && error.code === 'model.loading' ? { reason, loading: true } : { reason };
}
