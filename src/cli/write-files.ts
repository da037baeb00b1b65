import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WeirError } from '#contract/errors.js';
import { writeText } from './output-file.js';

/**
 * Writes files into a folder, which is made where there is none, and overwrites nothing.
 *
 * @throws WeirError `usage.invalid` when one stands there already or cannot be written.
 */
export async function writeFiles(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) {
    const path = join(folder, name);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text, { flag: 'wx' });
    } catch (cause) {
      const stands = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      throw new WeirError('usage.invalid', stands ? `${path} stands there already` : `Cannot write ${path}`, {
        path,
        ...(stands ? { hint: 'another folder' } : {}),
        cause,
      });
    }
    process.stderr.write(`wrote ${path}\n`);
  }
}

/** Writes a page; one that stands there is replaced. @throws WeirError `usage.invalid` when it cannot be written. */
export async function writePage(file: string, text: string): Promise<void> {
  await writeText(file, text);
  process.stderr.write(`wrote ${file}\n`);
}
