import { parse } from 'yaml';
import { WeirError } from '#contract/errors.js';
import { catalogueFile } from '#pool/engine/catalogue/schema.js';
import { BUILT_IN, type Catalogue, catalogueWith } from './catalogue.js';

/** Characters of a catalogue at most. */
export const LONGEST_CATALOGUE = 4 * 1024 * 1024;

/**
 * The built-in catalogue with the rows of a text before it: YAML or JSON, `gpus` and `models` in the form of `src/pool/engine/catalogue`.
 *
 * @param name what the text is called in errors; without a text it is the built-in catalogue.
 * @throws WeirError `usage.invalid` when it cannot be read or a row is not valid, with the row's path.
 */
export function readCatalogueText(text: string | undefined, name: string): Catalogue {
  if (text === undefined) return BUILT_IN;
  const result = catalogueFile.safeParse(documentOf(text, name));
  if (result.success) return catalogueWith(result.data);
  const issue = result.error.issues[0];
  throw new WeirError('usage.invalid', `${name}: ${issue?.message ?? 'not a catalogue'}`, {
    path: issue?.path.join('.') ?? name,
    hint: 'docs/planning.md shows a row',
  });
}

/** The error for a catalogue that cannot be read. */
export function noCatalogue(name: string, cause: unknown): WeirError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new WeirError('usage.invalid', `Cannot read ${name} as a catalogue: ${why}`, { path: name, cause });
}

function documentOf(text: string, name: string): unknown {
  try {
    if (text.length > LONGEST_CATALOGUE) throw new Error(`longer than ${LONGEST_CATALOGUE} characters`);
    return parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw noCatalogue(name, cause);
  }
}
