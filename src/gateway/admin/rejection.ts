import { WeirError } from '#contract/errors.js';
import type { CheckReport } from '#gateway/configuration/check-report.js';

/** A configuration that was not put in force, with all that is wrong with it. */
export class Rejection extends WeirError {
  constructor(readonly check: CheckReport) {
    const first = check.errors[0] ?? check.tests.failed[0];
    super('config.rejected', first?.message ?? 'The configuration is not valid', {
      ...(first === undefined ? undefined : { path: first.path }),
      ...(first?.hint === undefined ? undefined : { hint: first.hint }),
    });
  }
}

export function isRejection(error: WeirError): error is Rejection {
  return error instanceof Rejection;
}
