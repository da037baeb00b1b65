import type { PlacementRequest, RetentionDirective } from '#contract/placement.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { RetainedRange } from '#pool/engine/engine.js';
import type { RetentionSettings } from './schema.js';
import { SessionReturns } from './session-returns.js';

/** What is asked to be kept on one replica. */
interface Kept {
  readonly tokens: Tokens;
  readonly until: Milliseconds;
}

/** Conversations with KV that is asked to be kept, on all replicas of a pool. */
const MOST_KEPT = 65_536;

/**
 * Says of which conversations a replica should keep the KV until they go on (opportunity 15 of the WRP paper): those that are likely to, for as
 * long as such conversations pause.
 *
 *     priority = round(100 · P(goes on in time))        duration = min(longest, service time + P90 of pauses)
 *
 * given where P ≥ `least` and what is kept on the replica, this one included, stays within `share` of its KV memory.
 */
export class Retention {
  private readonly returns = new SessionReturns();
  private readonly kept = new Map<string, Map<string, Kept>>();

  /** A request has been placed. @param kvTokens what the replica holds; with nothing known of that nothing can be kept within a share. */
  directive(
    request: PlacementRequest,
    replica: { readonly id: string; readonly kvTokens?: Tokens | undefined },
    { share, least, longest }: RetentionSettings,
    serviceMs: Milliseconds,
    now: Milliseconds,
  ): RetentionDirective | undefined {
    const { session, kind } = request;
    if (session === '' || kind === undefined) return undefined;
    this.returns.began(session, now);
    this.kept.get(replica.id)?.delete(session);
    const expected = this.returns.expect(kind);
    if (expected === undefined || expected.probability < least || replica.kvTokens === undefined) return undefined;
    const tokens = request.promptTokens + request.outputTokens;
    const durationMs = Math.min(longest, serviceMs + expected.pauseMs);
    if (this.keptOn(replica.id, now) + tokens > share * replica.kvTokens) return undefined;
    this.keep(replica.id, session, { tokens, until: now + durationMs });
    return { tokens, priority: Math.round(100 * expected.probability), durationMs };
  }

  /** It has been answered: from now on the conversation pauses. */
  answered({ session, kind }: PlacementRequest, { longest }: RetentionSettings, now: Milliseconds): void {
    if (kind !== undefined) this.returns.ended(session, kind, now, longest);
  }

  /** Tokens that a replica is asked to keep now. */
  keptOn(replica: string, now: Milliseconds): Tokens {
    let sum = 0;
    const all = this.kept.get(replica);
    for (const [session, { tokens, until }] of all ?? []) {
      if (until <= now) all!.delete(session);
      else sum += tokens;
    }
    return sum;
  }

  private keep(replica: string, session: string, kept: Kept): void {
    let all = this.kept.get(replica);
    if (all === undefined) {
      if (this.kept.size >= MOST_KEPT) this.kept.clear();
      all = new Map();
      this.kept.set(replica, all);
    }
    all.set(session, kept);
  }
}

/** A directive as the engine model takes it. */
export function rangeOf({ tokens, priority, durationMs }: RetentionDirective): RetainedRange {
  return { start: 0, end: tokens, priority, durationMs };
}
