import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WeirError } from '#contract/errors.js';

/** A file of `assets/`: what was trained or distilled and comes with Weir. @throws WeirError `model.unavailable`. */
export function readAsset(path: string): Buffer {
  const file = fileURLToPath(new URL(`../../assets/${path}`, import.meta.url));
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new WeirError('model.unavailable', `assets/${path}, which comes with Weir, cannot be read`, { cause });
  }
}
