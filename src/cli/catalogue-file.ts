import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { WeirError } from '#contract/errors.js';
import { BUILT_IN, type Catalogue, catalogueWith } from '#fleet/catalogue.js';
import { catalogueFile } from '#pool/engine/catalogue/schema.js';

const MOST_BYTES = 4 * 1024 * 1024;

/**
 * The built-in catalogue, with the rows of a file before it where one is named: YAML or JSON, `gpus` and `models` in the form of
 * `src/pool/engine/catalogue`.
 *
 * @throws WeirError `usage.invalid` when it cannot be read or a row is not valid, with the row's path.
 */
export async function readCatalogue(file: string | undefined): Promise<Catalogue> {
  if (file === undefined) return BUILT_IN;
  const result = catalogueFile.safeParse(await documentOf(file));
  if (result.success) return catalogueWith(result.data);
  const issue = result.error.issues[0];
  throw new WeirError('usage.invalid', `${file}: ${issue?.message ?? 'not a catalogue'}`, {
    path: issue?.path.join('.') ?? file,
    hint: 'docs/planning.md shows a row',
  });
}

async function documentOf(file: string): Promise<unknown> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new Error(`longer than ${MOST_BYTES} bytes`);
    return parse(await readFile(file, 'utf8'), { maxAliasCount: 100 });
  } catch (cause) {
    throw new WeirError(
      'usage.invalid',
      `Cannot read ${file} as a catalogue: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        path: file,
        cause,
      },
    );
  }
}
