import { isWeirError, WeirError } from '#contract/errors.js';
import type { JobFailure } from './job.js';

/** Fields of the body that are called otherwise than the options of the planner which they set. */
const FIELDS: Readonly<Record<string, string>> = { 'overTime.windowMs': 'over_time.window_s' };

/** What is told of an error, by the names of a body; what is none of the catalogue is a defect. */
export function failureOf(error: unknown): JobFailure {
  const known = isWeirError(error) ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error });
  const { code, message, path, hint } = known;
  return {
    // Nobody has written a command line.
    code: code === 'usage.invalid' ? 'request.invalid' : code,
    message,
    ...(path === undefined ? {} : { path: FIELDS[path] ?? path }),
    ...(hint === undefined ? {} : { hint }),
  };
}
