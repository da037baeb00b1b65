import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnowledgeFiles } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { DEEPEST, isRead, MOST_ENTRIES, MOST_FILES } from './base-files.js';

/** What the files of knowledge bases look like from outside. */
export interface FileMarks {
  /** Is another where a file has come, gone or been written. */
  readonly mark: string;
  /** When the file that was written last was written, since the Unix epoch; infinite where one is not there, for nobody knows since when. */
  readonly newest: Milliseconds;
}

/**
 * Looks at the files of knowledge bases without reading them, within the bounds that hold for reading them: what lies beyond is not read either. Never
 * rejects: what cannot be looked at looks so.
 */
export async function marksOf(bases: KnowledgeFiles): Promise<FileMarks> {
  const marks: string[] = [];
  let newest = 0;
  let entries = 0;

  const look = async (path: string, depth: number): Promise<void> => {
    if (marks.length > MOST_FILES || entries > MOST_ENTRIES || depth > DEEPEST) return;
    try {
      const found = await stat(path);
      if (found.isDirectory()) {
        const inside = await readdir(path, { withFileTypes: true });
        entries += inside.length;
        for (const entry of inside.filter(isRead).sort((a, b) => (a.name < b.name ? -1 : 1))) {
          await look(join(path, entry.name), depth + 1);
        }
      } else {
        marks.push(`${path}\0${found.ino}:${found.size}:${found.mtimeMs}`);
        newest = Math.max(newest, found.mtimeMs);
      }
    } catch {
      marks.push(`${path}\0`);
      newest = Number.POSITIVE_INFINITY;
    }
  };
  for (const { files } of Object.values(bases)) for (const path of files) await look(path, 0);
  return { mark: marks.join('\n'), newest };
}
