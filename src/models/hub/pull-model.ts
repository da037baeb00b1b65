import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { MODEL_NAMES } from '#models/own/model-files.js';
import { fetchFile, type Progress, tooLarge } from './fetch-file.js';
import type { HubCache } from './hub-cache.js';
import type { HubClient, HubFile, HubListing } from './hub-client.js';
import { formatHubId, type HubId, repositoryOf } from './hub-id.js';
import type { Manifest, ManifestFile } from './manifest.js';
import { LockLost, type LockOwner, PullLock } from './pull-lock.js';
import { isSafePath } from './safe-path.js';

export interface PullOptions {
  readonly hub: HubClient;
  readonly cache: HubCache;
  /** The ONNX file; the smallest of the names that Transformers.js gives unless said. */
  readonly file?: string | undefined;
  /** Bytes that all files together may have. */
  readonly maxSize: Bytes;
  readonly progress: Progress;
  readonly clock: Clock;
  /** Told who pulls the model already, and is waited for. */
  readonly waiting: (owner: LockOwner | undefined) => void;
}

/**
 * Fetches what it takes to run a model of the hub into the cache: its tokeniser, its configuration, and one ONNX file with the weights that stand in files
 * beside it. What is there already is not fetched again. While another process pulls the same model, this one waits, and then finds what that has brought.
 *
 * @throws WeirError `hub.…`; `model.unavailable` where the cache cannot be written.
 */
export async function pullModel(id: HubId, options: PullOptions): Promise<Manifest> {
  const { hub, cache } = options;
  const listing = await hub.listing(id);
  const wanted = filesOf(id, listing, options.file);
  const all = wanted.files.reduce((sum, { size = 0 }) => sum + size, 0);
  if (all > options.maxSize) throw tooLarge(`${formatHubId(id)}, ${all} bytes,`);
  const folder = cache.folder(id, listing.commit);
  try {
    for (;;) {
      const lock = await PullLock.take(cache.lockFile(id), options.clock, options.waiting);
      try {
        return await fetchAll(id, listing.commit, wanted, lock, options);
      } catch (error) {
        if (!(error instanceof LockLost)) throw error;
      } finally {
        lock.release();
      }
    }
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall === undefined) throw cause;
    throw new WeirError('model.unavailable', `The model cannot be kept in ${folder} (${code})`, {
      hint: 'a folder that can be written and has room, with --cache or in router.learned.cache',
      cause,
    });
  }
}

/** @throws LockLost where another has taken over. */
async function fetchAll(
  id: HubId,
  commit: string,
  { model, files: wanted }: Wanted,
  lock: PullLock,
  { hub, cache, maxSize, progress }: PullOptions,
): Promise<Manifest> {
  const files: ManifestFile[] = [];
  const folder = cache.folder(id, commit);
  let room = maxSize;
  for (const file of wanted) {
    const mayWrite = (): void => lock.check();
    const fetched = await fetchFile(file, room, { hub, id, commit, folder, progress, mayWrite });
    room -= fetched.size;
    files.push(fetched);
  }
  const manifest: Manifest = { format: 1, id: repositoryOf(id), revision: id.revision, commit, model, files };
  lock.check();
  cache.keep(id, manifest);
  return manifest;
}

interface Wanted {
  /** Path of the ONNX file. */
  readonly model: string;
  readonly files: readonly HubFile[];
}

/** What of a repository is fetched. */
function filesOf(id: HubId, { files }: HubListing, file: string | undefined): Wanted {
  const safe = files.filter(({ path }) => isSafePath(path));
  const find = (path: string): HubFile | undefined => safe.find(one => one.path === path);
  const model = file === undefined ? MODEL_NAMES.map(find).find(one => one !== undefined) : find(file);
  if (model === undefined) throw noModel(id, file, safe);
  const tokenizer = find('tokenizer.json');
  if (tokenizer === undefined) {
    throw new WeirError('hub.not_found', `${formatHubId(id)} has no tokenizer.json`, {
      hint: 'a repository as Transformers.js lays it out',
    });
  }
  const about = [find('config.json'), tokenizer, find('tokenizer_config.json')].filter(one => one !== undefined);
  const weights = safe.filter(({ path }) => isWeightsOf(model.path, path));
  return { model: model.path, files: [...about, ...weights, model] };
}

/** Weights that an ONNX file keeps beside it: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`. */
function isWeightsOf(model: string, path: string): boolean {
  return path.startsWith(model) && /^[._]data(?:_\d{1,4})?$/.test(path.slice(model.length));
}

function noModel(id: HubId, file: string | undefined, files: readonly HubFile[]): WeirError {
  const others = files.map(({ path }) => path).filter(path => path.endsWith('.onnx'));
  const what = file === undefined ? 'no ONNX model under a name that Transformers.js gives' : `no file ${file}`;
  return new WeirError('hub.not_found', `${formatHubId(id)} has ${what}`, {
    hint:
      others.length === 0
        ? 'it has no ONNX file at all: a repository as Transformers.js lays it out, or one of your own export'
        : `--file ${others.slice(0, 8).join(', or ')}`,
  });
}
