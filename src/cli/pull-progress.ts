import type { Bytes } from '#contract/units.js';
import type { Progress } from '#models/hub/fetch-file.js';

/** Lines that one file has at most. */
const STEPS = 10;

/** Tells of files as they come: a line for each tenth of one, and a line when it is whole. Of one whose size nobody told, a line for each 10 MB. */
export function pullProgress(to: { write(text: string): unknown }): Progress {
  const told = new Map<string, number>();
  return (path, received, size) => {
    const step = Math.floor(size === undefined ? received / 1e7 : (STEPS * received) / Math.max(1, size));
    if (step <= (told.get(path) ?? 0)) return;
    told.set(path, step);
    const of = size === undefined || size === received ? '' : ` of ${inMegabytes(size)}`;
    to.write(`weir: ${path}: ${inMegabytes(received)}${of}\n`);
  };
}

/** Bytes as people read them, `34.0 MB`; what is less than a tenth of a megabyte in kB. */
export function inMegabytes(bytes: Bytes): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
