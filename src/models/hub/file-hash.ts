import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Bytes } from '#contract/units.js';

/** What the hub tells of a file's content: the SHA-256 of a large one (LFS), the SHA-1 that git names any other by. */
export interface FileHash {
  readonly kind: 'sha256' | 'git';
  readonly hex: string;
}

export interface FileDigest {
  readonly size: Bytes;
  readonly sha256: string;
  /** SHA-1 of `blob SIZE`, a zero byte, and the content: how git names it. */
  readonly git: string;
}

/** Reads an `etag` of the hub, or a hash of its listing, by its length; `undefined` for what is neither hash. */
export function readHash(text: string | null | undefined): FileHash | undefined {
  const hex = /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(text ?? '')?.[1];
  return hex === undefined ? undefined : { kind: hex.length === 64 ? 'sha256' : 'git', hex };
}

/** Reads a file once, for both hashes. */
export async function digestOf(file: string): Promise<FileDigest> {
  const { size } = await stat(file);
  const sha256 = createHash('sha256');
  const git = createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file)) {
    sha256.update(chunk as Buffer);
    git.update(chunk as Buffer);
  }
  return { size, sha256: sha256.digest('hex'), git: git.digest('hex') };
}
