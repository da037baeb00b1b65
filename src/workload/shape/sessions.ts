import { type Distribution, distributionOf } from '#contract/distribution.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** Conversations of a trace. */
export interface SessionShape {
  /** `named` by the trace; `inferred` where one prompt goes on from the whole of another; `unknown` where there is neither. */
  readonly from: 'named' | 'inferred' | 'unknown';
  readonly sessions: number;
  readonly turns: Distribution;
  /** Share of requests that are not the first of their session. */
  readonly laterTurns: number;
  /** Between the arrivals of two turns, in ms: answering, and what the person or tool took. */
  readonly gapMs: Distribution;
  /** Tokens by which a prompt is longer than the one of the turn before. */
  readonly growthTokens: Distribution;
}

/** A chain's end that more requests have than this (and than one in a hundred) is a common system prompt, no conversation. */
const COMMON = 50;

/** `undefined` for a trace that names no sessions and has no block hashes. */
export function sessionShape(requests: readonly TraceRequest[]): SessionShape | undefined {
  const named = requests.some(({ session }) => session !== undefined);
  const chained = requests.some(({ prefix }) => prefix.hashes.length > 0);
  if (!named && !chained) return undefined;
  const sessions = named ? requests.map(({ session }, i) => session ?? i) : inferSessions(requests);
  const last = new Map<string | number, { turns: number; request: TraceRequest }>();
  const gaps: number[] = [];
  const growth: number[] = [];
  for (const [i, request] of requests.entries()) {
    const session = sessions[i]!;
    const before = last.get(session);
    if (before === undefined) {
      last.set(session, { turns: 1, request });
      continue;
    }
    gaps.push(request.arrivalMs - before.request.arrivalMs);
    growth.push(request.promptTokens - before.request.promptTokens);
    last.set(session, { turns: before.turns + 1, request });
  }
  return {
    from: named ? 'named' : 'inferred',
    sessions: last.size,
    turns: distributionOf(Array.from(last.values(), ({ turns }) => turns)),
    laterTurns: requests.length > 0 ? gaps.length / requests.length : 0,
    gapMs: distributionOf(gaps),
    growthTokens: distributionOf(growth),
  };
}

/**
 * Sessions from prompts: a request belongs to the session of the latest request whose whole blocks all stand at its own beginning.
 * A prompt's last, unfinished block is left out, for the next turn fills it up.
 */
export function inferSessions(requests: readonly TraceRequest[]): readonly number[] {
  const ends = new Map<number, number>();
  for (const request of requests) {
    const end = endOf(request);
    if (end !== undefined) ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const common = Math.max(COMMON, requests.length / 100);
  const sessionAt = new Map<number, number>();
  return requests.map((request, i) => {
    const { hashes } = request.prefix;
    let session = i;
    for (let at = hashes.length - 1; at >= 0; at--) {
      const found = sessionAt.get(hashes[at]!);
      if (found === undefined) continue;
      session = found;
      break;
    }
    const end = endOf(request);
    if (end !== undefined && ends.get(end)! <= common) sessionAt.set(end, session);
    return session;
  });
}

/** Hash of a prompt's last whole block. */
function endOf({ promptTokens, prefix }: TraceRequest): number | undefined {
  const whole = Math.min(prefix.hashes.length, Math.floor(promptTokens / prefix.blockTokens));
  return whole > 0 ? prefix.hashes[whole - 1] : undefined;
}
