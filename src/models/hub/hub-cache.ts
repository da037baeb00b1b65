import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '#contract/units.js';
import type { ModelFiles } from '#models/own/model-files.js';
import { type HubId, parseHubId, repositoryOf } from './hub-id.js';
import { type Manifest, manifestSchema } from './manifest.js';

/** Stands beside the commits of a model while one of them is pulled. */
const LOCK = 'pull.lock';
/** Longest manifest that is read. */
const MOST_BYTES: Bytes = 256 * 1024;

/**
 * Models of the hub in a cache folder: `hub/OWNER--NAME/COMMIT/` has the files, `hub/OWNER--NAME/REVISION.json` says which commit a revision was
 * when it was pulled. The manifest is written last and at once, so what it names is whole; what a gateway has loaded stays when a branch is pulled anew.
 */
export class HubCache {
  private readonly root: string;

  constructor(cache: string) {
    this.root = join(cache, 'hub');
  }

  /** Where the files of a commit lie. */
  folder(id: HubId, commit: string): string {
    return join(this.repository(id), commit);
  }

  /** The lock of who pulls a model. */
  lockFile(id: HubId): string {
    return join(this.repository(id), LOCK);
  }

  /** Where the parts of a pulled model lie; `undefined` where it is not there, or not whole. */
  modelFiles(id: HubId): ModelFiles | undefined {
    const manifest = this.manifest(id);
    if (manifest === undefined) return undefined;
    const folder = this.folder(id, manifest.commit);
    const whole = manifest.files.every(({ path, size }) => sizeOf(join(folder, path)) === size);
    if (!whole) return undefined;
    const at = (path: string): string => join(folder, path);
    return { file: at(manifest.model), tokenizer: at('tokenizer.json'), config: at('config.json') };
  }

  /** What was pulled of an id; `undefined` where nothing was. */
  manifest(id: HubId): Manifest | undefined {
    const found = readManifest(this.manifestFile(id));
    return found?.id === repositoryOf(id) && found.revision === id.revision ? found : undefined;
  }

  /** Says that all files of a manifest are there. */
  keep(id: HubId, manifest: Manifest): void {
    const file = this.manifestFile(id);
    const staged = `${file}.${randomUUID().slice(0, 8)}.next`;
    mkdirSync(this.repository(id), { recursive: true });
    writeFileSync(staged, `${JSON.stringify(manifest, undefined, 2)}\n`);
    renameSync(staged, file);
  }

  /** All that was pulled, in the order of ids and revisions. */
  list(): readonly Manifest[] {
    return names(this.root)
      .flatMap(repository => this.manifestsIn(join(this.root, repository)))
      .sort((a, b) => order(`${a.id}@${a.revision}`, `${b.id}@${b.revision}`));
  }

  /** Bytes that the cache takes, those of commits that no revision names any more included. */
  get bytes(): Bytes {
    return bytesIn(this.root);
  }

  /** Removes a model, all its revisions and commits. @returns whether there was anything. */
  remove(id: HubId): boolean {
    const folder = this.repository(id);
    const there = statSync(folder, { throwIfNoEntry: false }) !== undefined;
    rmSync(folder, { recursive: true, force: true });
    return there;
  }

  /** Removes one revision, and commits that no other names. @returns whether it was there. */
  removeRevision(id: HubId): boolean {
    const manifest = this.manifest(id);
    if (manifest === undefined) return false;
    rmSync(this.manifestFile(id));
    const folder = this.repository(id);
    const named = new Set(this.manifestsIn(folder).map(({ commit }) => commit));
    if (named.size === 0) return this.remove(id);
    for (const name of names(folder)) {
      if (!name.endsWith('.json') && name !== LOCK && !named.has(name))
        rmSync(join(folder, name), { recursive: true, force: true });
    }
    return true;
  }

  private manifestsIn(folder: string): readonly Manifest[] {
    return names(folder)
      .filter(name => name.endsWith('.json'))
      .flatMap(name => {
        const manifest = readManifest(join(folder, name));
        const id = manifest && parseHubId(`${manifest.id}@${manifest.revision}`);
        // One that was put elsewhere by hand tells of files that are not there.
        return id !== undefined && this.manifestFile(id) === join(folder, name) ? [manifest!] : [];
      });
  }

  private repository({ owner, name }: HubId): string {
    return join(this.root, `${owner}--${name}`);
  }

  private manifestFile(id: HubId): string {
    return join(this.repository(id), `${id.revision.replaceAll('/', '%2F')}.json`);
  }
}

function readManifest(file: string): Manifest | undefined {
  try {
    if (statSync(file).size > MOST_BYTES) return undefined;
    return manifestSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function sizeOf(file: string): Bytes | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function bytesIn(folder: string): Bytes {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  return found.isDirectory() ? names(folder).reduce((sum, name) => sum + bytesIn(join(folder, name)), 0) : found.size;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
