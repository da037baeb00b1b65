import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { NamedSpend } from '#contract/identity-store.js';

/**
 * Spending that a process could not write before it ended, as files beside `path`: whichever process starts next there writes it. Two
 * that start at once may both write it, as its batches count once.
 */
export function spendJournal(path: string) {
  const folder = dirname(path);
  const prefix = `${basename(path)}.unwritten-`;
  let found: readonly string[] = [];
  return {
    async read(): Promise<readonly NamedSpend[]> {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      found = names.filter(name => name.startsWith(prefix) && name.endsWith('.json')).map(name => join(folder, name));
      const texts = await Promise.all(
        found.map(file =>
          readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
            // Another process has written it meanwhile.
            if (error.code === 'ENOENT') return '[]';
            throw error;
          }),
        ),
      );
      return texts.flatMap(text => JSON.parse(text) as NamedSpend[]);
    },

    async keep(batches: readonly NamedSpend[]): Promise<void> {
      if (batches.length === 0) return;
      await mkdir(folder, { recursive: true });
      const file = join(folder, `${prefix}${randomUUID()}`);
      await writeFile(file, JSON.stringify(batches), { mode: 0o600, flush: true });
      await rename(file, `${file}.json`);
    },

    async clear(): Promise<void> {
      await Promise.all(found.map(file => rm(file, { force: true })));
    },
  };
}
