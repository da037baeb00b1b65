import { readFile, stat } from 'node:fs/promises';
import { Option } from 'commander';
import type { Catalogue } from '#fleet/catalogue.js';
import { LONGEST_CATALOGUE, noCatalogue, readCatalogueText } from '#fleet/catalogue-text.js';

/** `--catalogue`, alike for all commands that read one. */
export function catalogueOption(): Option {
  return new Option(
    '--catalogue <file>',
    'GPUs and models of your own, which go before the built-in ones: YAML or JSON (docs/planning.md)',
  );
}

/**
 * The built-in catalogue, with the rows of a file before it where one is named: {@link readCatalogueText}.
 *
 * @throws WeirError `usage.invalid` when it cannot be read or a row is not valid, with the row's path.
 */
export async function readCatalogue(file: string | undefined): Promise<Catalogue> {
  return readCatalogueText(file === undefined ? undefined : await textOf(file), file ?? '');
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > LONGEST_CATALOGUE) throw new Error(`longer than ${LONGEST_CATALOGUE} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw noCatalogue(file, cause);
  }
}
