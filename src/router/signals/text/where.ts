import { MAX_SCANNED, type ScopedTexts } from '#router/signals/scope.js';

/**
 * Where in the text of a scope something stands that was found `offset` into what was read: the unread middle of a long text is
 * counted in. Characters of the text as it is compared, which for ASCII is the text as it came.
 */
export function whereIs(offset: number, { truncated, length }: ScopedTexts): number {
  return truncated && offset >= MAX_SCANNED / 2 ? offset + length - MAX_SCANNED : offset;
}

/** Why a term that was not found may yet be there. */
export function notAllRead({ length }: ScopedTexts): string {
  return `not in the first and last ${MAX_SCANNED / 2} of ${length} characters; the rest is not read`;
}
