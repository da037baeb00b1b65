import { isUtf8 } from 'node:buffer';
import { WeirError } from '#contract/errors.js';
import type { Outline } from './json-outline.js';

/** @throws WeirError `request.not_json` for bytes that are not UTF-8, which is what JSON is written in (RFC 8259, 8.1). */
export function checkUtf8(bytes: Buffer): void {
  if (isUtf8(bytes)) return;
  throw new WeirError('request.not_json', 'The body is not UTF-8', { hint: 'a JSON object in UTF-8' });
}

/**
 * Refuses an object in which a member that Weir reads stands twice, or is spelled with escapes: parsers differ in which of two
 * counts, so an engine could answer another request than the one that was decided about.
 *
 * @param read names of members that Weir reads or changes.
 * @throws WeirError `request.invalid` with the name as its path.
 */
export function checkOnce({ twice, disguised }: Outline, read: ReadonlySet<string>): void {
  for (const name of disguised) {
    if (!read.has(name)) continue;
    const hint = `"${name}"`;
    throw new WeirError('request.invalid', `The name of ${name} is spelled with escapes`, { path: name, hint });
  }
  for (const name of twice) {
    if (!read.has(name)) continue;
    throw new WeirError('request.invalid', `${name} stands twice`, { path: name, hint: 'it once' });
  }
}
