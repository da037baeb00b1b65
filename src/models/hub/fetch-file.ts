import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { digestOf, type FileDigest, type FileHash } from './file-hash.js';
import type { HubBody, HubClient, HubFile } from './hub-client.js';
import type { HubId } from './hub-id.js';
import type { ManifestFile } from './manifest.js';

/** How often a file that breaks off is taken up again before the command ends. */
const ATTEMPTS = 5;

/** How much of a file is there. */
export type Progress = (path: string, received: Bytes, size: Bytes | undefined) => void;

export interface FetchOptions {
  readonly hub: HubClient;
  readonly id: HubId;
  readonly commit: string;
  /** Where the files of the commit are kept. */
  readonly folder: string;
  readonly progress: Progress;
  /** Called before anything is written; throws where that is no longer to be. */
  readonly mayWrite: () => void;
}

/**
 * Brings a file of a commit into its folder, unless it is there: from where an earlier run stopped (`.part`), checked against the length and the hash that the hub
 * tells, and under its name only once that holds.
 *
 * @param room bytes that it may have at most.
 * @throws WeirError `hub.too_large`, `hub.mismatch`, `hub.unreachable` and what else {@link HubClient} throws.
 */
export async function fetchFile(wanted: HubFile, room: Bytes, options: FetchOptions): Promise<ManifestFile> {
  const { path } = wanted;
  const target = join(options.folder, path);
  const part = `${target}.part`;
  const there = await kept(target, wanted);
  if (there !== undefined) return { path, size: there.size, sha256: there.sha256 };
  await mkdir(dirname(target), { recursive: true });
  options.mayWrite();
  const before = await sizeOf(part);
  let arrived = await receive(wanted, part, room, options);
  let digest = await digestOf(part);
  if (before > 0 && !agrees(digest, arrived)) {
    // What the earlier run left may be to blame.
    await rm(part, { force: true });
    arrived = await receive(wanted, part, room, options);
    digest = await digestOf(part);
  }
  if (!agrees(digest, arrived)) {
    await rm(part, { force: true });
    throw mismatch(path, digest, arrived);
  }
  options.mayWrite();
  await rename(part, target);
  return { path, size: digest.size, sha256: digest.sha256 };
}

/** What a file has to be, as far as anyone told. */
interface Expected {
  readonly size: Bytes | undefined;
  readonly hashes: readonly FileHash[];
}

async function receive(wanted: HubFile, part: string, room: Bytes, options: FetchOptions): Promise<Expected> {
  const { hub, id, commit } = options;
  for (let attempt = 1; ; attempt++) {
    const from = await resumable(part, wanted);
    // All of it is there, and what it has to be is known.
    if (from > 0 && from === wanted.size && wanted.hash !== undefined) return { size: from, hashes: [wanted.hash] };
    const body = await hub.open(id, commit, wanted.path, from);
    const size = wanted.size ?? body.size;
    if (body.status === 416 || (body.status === 206 && body.start !== from)) {
      await drop(body);
      options.mayWrite();
      await rm(part, { force: true });
    } else {
      const { progress, mayWrite } = options;
      const received = await append(body, part, { path: wanted.path, size, room, progress, mayWrite });
      const hashes = [wanted.hash, body.hash].filter(hash => hash !== undefined);
      if (received.whole && (size === undefined || received.bytes >= size)) return { size, hashes };
    }
    if (attempt === ATTEMPTS) {
      throw new WeirError('hub.unreachable', `${wanted.path} broke off ${ATTEMPTS} times`, {
        hint: 'the same command goes on where it stopped',
      });
    }
  }
}

interface Appended {
  readonly path: string;
  readonly size: Bytes | undefined;
  readonly room: Bytes;
  readonly progress: Progress;
  readonly mayWrite: () => void;
}

/** @returns how much of the file is there, and whether the connection was closed in order. */
async function append(body: HubBody, part: string, { path, size, room, progress, mayWrite }: Appended) {
  mayWrite();
  const file = await open(part, body.status === 206 ? 'a' : 'w');
  let bytes = body.start;
  try {
    for await (const chunk of broken(body.chunks)) {
      if (chunk === BROKEN) return { bytes, whole: false };
      bytes += chunk.length;
      if (bytes > room) throw tooLarge(path);
      mayWrite();
      await file.appendFile(chunk);
      progress(path, bytes, size);
      // More than it has to be: no more of it will make it right.
      if (size !== undefined && bytes > size) break;
    }
    await file.sync();
    return { bytes, whole: true };
  } catch (error) {
    if (isWeirError(error)) await rm(part, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

const BROKEN = Symbol('broken');

/** The chunks, and a mark in the place of an error of the connection: errors of the disk are told apart so. */
async function* broken(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | typeof BROKEN> {
  try {
    yield* chunks;
  } catch {
    yield BROKEN;
  }
}

async function drop({ chunks }: HubBody): Promise<void> {
  await chunks[Symbol.asyncIterator]().return?.();
}

/** The length of what an earlier attempt left; nothing where that cannot be the beginning of the file. */
async function resumable(part: string, { size, hash }: HubFile): Promise<Bytes> {
  const found = await sizeOf(part);
  const usable = size === undefined || found < size || (found === size && hash !== undefined);
  if (usable) return found;
  await rm(part, { force: true });
  return 0;
}

async function kept(target: string, { size, hash }: HubFile): Promise<FileDigest | undefined> {
  if ((await sizeOf(target)) === 0) return undefined;
  const digest = await digestOf(target);
  return agrees(digest, { size, hashes: hash === undefined ? [] : [hash] }) ? digest : undefined;
}

function agrees(digest: FileDigest, { size, hashes }: Expected): boolean {
  return (size === undefined || digest.size === size) && hashes.every(({ kind, hex }) => digest[kind] === hex);
}

function mismatch(path: string, digest: FileDigest, { size, hashes }: Expected): WeirError {
  const wrong = hashes.find(({ kind, hex }) => digest[kind] !== hex);
  const what =
    wrong === undefined ? `${digest.size} bytes, not ${size}` : `${wrong.kind} ${digest[wrong.kind]}, not ${wrong.hex}`;
  return new WeirError('hub.mismatch', `${path} is not what the hub says it is: ${what}`, {
    hint: 'nothing of it was kept; try again, or look at what is between here and the hub',
  });
}

/** More than may be fetched. */
export function tooLarge(path: string): WeirError {
  return new WeirError('hub.too_large', `${path} takes more than may be fetched`, {
    hint: '--max-size says how much may',
  });
}

async function sizeOf(file: string): Promise<Bytes> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
