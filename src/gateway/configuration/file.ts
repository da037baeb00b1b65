import { randomUUID } from 'node:crypto';
import { mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WeirError } from '#contract/errors.js';

/** A text that stands beside its file, ready to take its place. */
export interface StagedFile {
  /** Puts it in place. @throws WeirError `config.unwritable`. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Writes a text beside the file that it is to replace, so that whoever reads the file sees the old one or the new one, whole.
 * Links are followed and the mode is kept.
 *
 * @throws WeirError `config.unwritable` when the folder cannot be written.
 */
export async function stageFile(path: string, text: string): Promise<StagedFile> {
  const target = await realpath(path).catch(() => path);
  const staged = `${target}.${randomUUID().slice(0, 8)}.next`;
  const mode = await stat(target).then(
    found => found.mode & 0o777,
    () => 0o600,
  );
  try {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(staged, text, { mode, flag: 'wx' });
  } catch (cause) {
    throw unwritable(path, cause);
  }
  return {
    async commit() {
      try {
        await rename(staged, target);
      } catch (cause) {
        await rm(staged, { force: true });
        throw unwritable(path, cause);
      }
    },
    discard: () => rm(staged, { force: true }),
  };
}

function unwritable(path: string, cause: unknown): WeirError {
  const why = (cause as NodeJS.ErrnoException).code ?? 'no reason given';
  return new WeirError('config.unwritable', `${path} cannot be written (${why})`, {
    hint: 'a file in a folder that Weir may write, or change the file where it is managed',
    cause,
  });
}
