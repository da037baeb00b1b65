import type { Random } from '#contract/random.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** Blocks that more than this share of all requests begin with belong to an application, not to a conversation. */
const COMMON = 0.05;
/** A second copy of a conversation comes this much earlier or later. */
const SHIFT_MS = 30_000;
/** Far apart and odd, so that copies' ids meet nobody else's. */
const STRIDE = 1_099_511_627_791;

/**
 * A bootstrap resample of a trace: as many conversations as it has, drawn with replacement, each whole and at its own time. Requests
 * are one conversation when they share blocks that are not common to a twentieth of the trace. Of a conversation that is drawn again the
 * copy has blocks of its own, except common ones, and comes up to half a minute earlier or later: two copies are two callers.
 */
export function resample(requests: readonly TraceRequest[], random: Random): readonly TraceRequest[] {
  const common = commonBlocks(requests);
  const groups = [...conversationsOf(requests, common).values()];
  const copies = new Map<number, number>();
  const drawn: TraceRequest[] = [];
  for (let i = 0; i < groups.length; i++) {
    const which = random.below(groups.length);
    const copy = copies.get(which) ?? 0;
    copies.set(which, copy + 1);
    const shiftMs = copy === 0 ? 0 : (2 * random.next() - 1) * SHIFT_MS;
    for (const request of groups[which]!) drawn.push(copy === 0 ? request : copyOf(request, copy, shiftMs, common));
  }
  return drawn.sort((a, b) => a.arrivalMs - b.arrivalMs);
}

function commonBlocks(requests: readonly TraceRequest[]): ReadonlySet<number> {
  const counts = new Map<number, number>();
  for (const { prefix } of requests) {
    for (let i = 0; i < prefix.hashes.length; i++) {
      counts.set(prefix.hashes[i]!, (counts.get(prefix.hashes[i]!) ?? 0) + 1);
    }
  }
  const bar = COMMON * requests.length;
  return new Set([...counts].filter(([, count]) => count > bar).map(([hash]) => hash));
}

/** Chains that share a block share all before it: so the first block that is not common names the conversation. */
function conversationsOf(
  requests: readonly TraceRequest[],
  common: ReadonlySet<number>,
): ReadonlyMap<number | string, readonly TraceRequest[]> {
  const groups = new Map<number | string, TraceRequest[]>();
  for (const [i, request] of requests.entries()) {
    const { hashes } = request.prefix;
    let at = 0;
    while (at < hashes.length && common.has(hashes[at]!)) at++;
    const key = at < hashes.length ? hashes[at]! : `alone ${i}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [request]);
    else group.push(request);
  }
  return groups;
}

function copyOf(request: TraceRequest, copy: number, shiftMs: number, common: ReadonlySet<number>): TraceRequest {
  const { arrivalMs, prefix, session } = request;
  return {
    ...request,
    arrivalMs: Math.max(0, arrivalMs + shiftMs),
    prefix: {
      ...prefix,
      hashes: Array.from(prefix.hashes, hash =>
        common.has(hash) ? hash : (hash + copy * STRIDE) % Number.MAX_SAFE_INTEGER,
      ),
    },
    ...(session === undefined ? {} : { session: `${session}#${copy}` }),
  };
}
