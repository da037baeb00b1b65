import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WeirError } from '#contract/errors.js';

/**
 * Makes sure, before work begins, that its result can be written: what took minutes is not to be lost for a folder that is missing, and
 * no input for a result of the same name.
 *
 * @param inputs files that are read for it; `-` is standard input.
 * @throws WeirError `usage.invalid`.
 */
export async function expectWritable(file: string, inputs: readonly string[] = []): Promise<void> {
  const there = await statOf(file);
  for (const input of inputs) {
    const read = input === '-' ? undefined : await statOf(input);
    if (there !== undefined && read?.ino === there.ino && read.dev === there.dev)
      throw new WeirError('usage.invalid', `${file} would be read and overwritten`, { hint: 'another output' });
  }
  if (there?.isDirectory() === true) throw cannotWrite(file, 'it is a folder');
  if (there === undefined && (await statOf(dirname(file)))?.isDirectory() !== true)
    throw cannotWrite(file, 'there is no such folder');
  try {
    await access(there === undefined ? dirname(file) : file, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(file, codeOf(cause), cause);
  }
}

/** Writes a text; what stands there is replaced. @throws WeirError `usage.invalid` when it cannot be written. */
export async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw cannotWrite(file, codeOf(cause), cause);
  }
}

function cannotWrite(file: string, why: string, cause?: unknown): WeirError {
  return new WeirError('usage.invalid', `Cannot write ${file}: ${why}`, { cause });
}

async function statOf(file: string) {
  try {
    return await stat(file);
  } catch {
    return undefined;
  }
}

const TOLD: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  EACCES: 'it may not be written',
  EROFS: 'the file system may not be written',
  ENOSPC: 'there is no space left',
  EISDIR: 'it is a folder',
};

/** What the system says in words, or its code where there are none. */
function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return TOLD[code] ?? code;
}
