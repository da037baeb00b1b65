import { z } from 'zod';
import { isSafePath } from './safe-path.js';

const path = z.string().refine(isSafePath);

/** Kept beside the files of a pulled model: what was asked for, what that was, and its files. */
export const manifestSchema = z.object({
  format: z.literal(1),
  /** `owner/name`. */
  id: z.string().max(256),
  /** The branch, tag or commit that was asked for. */
  revision: z.string().max(128),
  /** The commit that it was when it was pulled. */
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** Which of the files is the model. */
  model: path,
  files: z
    .array(
      z.object({
        path,
        /** Bytes. */
        size: z.int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(64),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];
