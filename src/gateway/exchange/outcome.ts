import type { WeirError } from '#contract/errors.js';
import type { Outcome, OutcomeStatus, Usage } from '#contract/outcome.js';
import type { Placement } from '#contract/placement.js';
import type { Price } from '#contract/pool-view.js';
import { costOf, type Joules, type Milliseconds, type Usd } from '#contract/units.js';
import type { Lease } from '#pool/lease.js';

interface Ending {
  readonly status: OutcomeStatus;
  readonly error: WeirError | undefined;
  readonly usage: Usage | undefined;
  readonly finish: string | undefined;
  readonly model: string;
  readonly placement: Placement | undefined;
  readonly arrivedAt: Milliseconds;
  readonly firstByteAt: Milliseconds | undefined;
  readonly endedAt: Milliseconds;
  readonly queuedMs: Milliseconds;
  /** The answer was held back and left in one piece: its tokens have no times. */
  readonly whole: boolean;
  readonly price: Price | undefined;
  /** Energy as metered on the replicas, failed attempts included. */
  readonly metered: Joules | undefined;
}

/** Energy that the attempts of one request were charged; `undefined` when none of them was metered. */
export function meteredOn(leases: readonly Lease[]): Joules | undefined {
  let sum: Joules | undefined;
  for (const { joules } of leases) if (joules !== undefined) sum = (sum ?? 0) + joules;
  return sum;
}

/** How a request ended, from what the exchange saw. */
export function outcomeOf(ending: Ending): Outcome {
  const { status, error, usage, placement, firstByteAt, endedAt, arrivedAt } = ending;
  const after = usage === undefined || firstByteAt === undefined || ending.whole ? 0 : usage.completionTokens - 1;
  return {
    status,
    model: ending.model,
    pool: placement?.pool ?? '',
    replica: placement?.replica ?? '',
    httpStatus: error?.status ?? 200,
    e2eMs: endedAt - arrivedAt,
    queuedMs: ending.queuedMs,
    ...(error === undefined ? undefined : { error: error.code }),
    ...(ending.finish === undefined ? undefined : { finish: ending.finish }),
    ...(firstByteAt === undefined ? undefined : { ttftMs: firstByteAt - arrivedAt }),
    ...(after > 0 && firstByteAt !== undefined ? { tpotMs: (endedAt - firstByteAt) / after } : undefined),
    ...(usage === undefined ? undefined : { usage }),
    ...(usage === undefined || ending.price === undefined ? undefined : { costUsd: billed(usage, ending.price) }),
    ...(ending.metered === undefined ? undefined : { joules: ending.metered }),
  };
}

/** What the tokens cost, the cached share of the prompt at its own price. */
export function billed(usage: Usage, price: Price): Usd {
  const fresh = Math.max(0, usage.promptTokens - usage.cachedTokens);
  return (
    costOf(fresh, price.prompt) +
    costOf(usage.cachedTokens, price.cached) +
    costOf(usage.completionTokens, price.completion)
  );
}
