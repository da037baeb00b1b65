import type { OutgoingHttpHeaders } from 'node:http';
import { isWeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { InferenceRequest } from '#contract/request.js';
import { reserve, usedBy } from '#gateway/exchange/charge.js';
import { Asked } from '#gateway/exchange/placement-request.js';
import type { Runtime } from '#gateway/runtime.js';
import type { Admission } from '#identity/admission.js';
import type { Visit } from './routes.js';

/** A question beside inference, under the limits and budgets of whoever asks. */
export class Governed {
  constructor(
    private readonly runtime: Runtime,
    private readonly admission: Admission | undefined,
  ) {}

  /** Holds back what an answer is expected to use. @throws WeirError `budget.*` or `limit.tokens` when there is no room. */
  reserve(request: InferenceRequest): void {
    const { runtime, admission } = this;
    if (admission?.needsQuote !== true) return;
    const asked = new Asked(request.model, request, runtime.profiler.profile(request), NO_CONSTRAINTS);
    const refusal = reserve(runtime, admission, asked, request, NO_PARAMETERS);
    if (refusal !== undefined) throw refusal;
  }

  /** Counts what the engine reported; where it reported nothing, the request alone. */
  settle(model: string, usage: Usage | undefined): void {
    const price = this.runtime.models.get(model)?.price;
    this.admission?.settle(this.runtime.clock.wall(), usage === undefined ? undefined : usedBy(usage, price));
  }

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
  const entered = grant === undefined ? undefined : runtime.identity?.admit(grant);
  if (isWeirError(entered)) throw entered;
  try {
    await work(new Governed(runtime, entered));
  } finally {
    entered?.abandon(runtime.clock.wall());
  }
}

const NO_CONSTRAINTS = Object.freeze({});
const NO_PARAMETERS = Object.freeze({});
