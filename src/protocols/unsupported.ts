import { WeirError } from '#contract/errors.js';

/** What is asked for, but only engines of one API can do. */
export function unsupported(what: string, path?: string): WeirError {
  return new WeirError(
    'request.unsupported',
    `No engine of this model can do this: ${what}`,
    path === undefined ? {} : { path },
  );
}
