import type { OutgoingHttpHeaders } from 'node:http';
import { isWeirError } from '#contract/errors.js';
import type { Runtime } from '#gateway/runtime.js';
import type { Admission } from '#identity/admission.js';
import type { Visit } from './routes.js';

/** A question beside inference, under the limits and budgets of whoever asks. */
export class Governed {
  constructor(
    private readonly runtime: Runtime,
    private readonly admission: Admission | undefined,
  ) {}

  /** Adds to the head of an answer what its caller has left. */
  head(head: OutgoingHttpHeaders): OutgoingHttpHeaders {
    this.admission?.addHeaders(this.runtime.clock.wall(), head);
    return head;
  }
}

/**
 * Does something for a visitor who takes a place under the limits meanwhile. The place is given back whatever happens; what was
 * not settled is not counted.
 *
 * @throws WeirError `auth.role` or `limit.*` before anything is done.
 */
export async function governed(visit: Visit, work: (governed: Governed) => Promise<void>): Promise<void> {
  const { runtime } = visit.gateway;
  const { grant } = visit;
  const entered = grant === undefined ? undefined : await runtime.identity?.admit(grant);
  if (isWeirError(entered)) throw entered;
  try {
    await work(new Governed(runtime, entered));
  } finally {
    entered?.abandon(runtime.clock.wall());
  }
}
