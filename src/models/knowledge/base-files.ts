import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { WeirError } from '#contract/errors.js';

/** What all bases of a configuration may be together. */
export const MOST_FILES = 1024;
export const MOST_BYTES = 4 * 1024 ** 2;
/** Entries of folders that are looked at, and how deep. */
export const MOST_ENTRIES = 16_384;
export const DEEPEST = 16;

const READ: ReadonlySet<string> = new Set(['.md', '.markdown', '.txt', '.jsonl']);

/** A file of a base as it was read. */
export interface BaseFile {
  readonly path: string;
  readonly text: string;
}

/** Reads the files of knowledge bases, within bounds that hold for all of them together. */
export class BaseFiles {
  private files = 0;
  private bytes = 0;
  private entries = 0;

  /**
   * The files that paths name, in their order: files as they are, of folders whatever in them is Markdown, text or JSON lines, by name. What begins with
   * a dot is left out, and links are not followed inside of folders.
   *
   * @throws WeirError `config.unreadable`, `config.invalid`, with the path of the setting.
   */
  read(name: string, paths: readonly string[]): readonly BaseFile[] {
    const setting = `router.knowledge.${name}.files`;
    const found = paths.flatMap(path => this.inside(path, setting, 0));
    if (found.length > 0) return found;
    throw new WeirError('config.invalid', `The knowledge base ${name} has no files`, {
      path: setting,
      hint: `files that end in ${[...READ].join(', ')}`,
    });
  }

  private inside(path: string, setting: string, depth: number): BaseFile[] {
    try {
      return statSync(path).isDirectory() ? this.folder(path, setting, depth) : [this.file(path, setting)];
    } catch (cause) {
      if (cause instanceof WeirError) throw cause;
      const why = cause instanceof TypeError ? 'is not UTF-8' : 'cannot be read';
      throw new WeirError('config.unreadable', `${path} ${why}`, { path: setting, cause });
    }
  }

  private folder(path: string, setting: string, depth: number): BaseFile[] {
    if (depth === DEEPEST) throw tooMuch(setting, `${path} lies deeper than ${DEEPEST} folders`);
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    this.entries += entries.length;
    if (this.entries > MOST_ENTRIES) throw tooMuch(setting, `there are more than ${MOST_ENTRIES} entries in folders`);
    return entries.filter(isRead).flatMap(entry => this.inside(join(path, entry.name), setting, depth + 1));
  }

  private file(path: string, setting: string): BaseFile {
    this.files++;
    this.bytes += statSync(path).size;
    if (this.files > MOST_FILES) throw tooMuch(setting, `there are more than ${MOST_FILES} files`);
    if (this.bytes > MOST_BYTES) throw tooMuch(setting, `they are larger than ${MOST_BYTES / 1024 ** 2} MiB together`);
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  }
}

/** Whether an entry of a folder is read. */
export function isRead(entry: Dirent): boolean {
  if (entry.name.startsWith('.')) return false;
  return entry.isDirectory() || (entry.isFile() && READ.has(extname(entry.name).toLowerCase()));
}

/** What is beyond a bound of all bases together. */
export function tooMuch(setting: string, what: string): WeirError {
  return new WeirError('config.invalid', `The knowledge bases are too large: ${what}`, {
    path: setting,
    hint: 'fewer or smaller files, or a head of `weir train routes` in their place',
  });
}
