import type { Milliseconds, Tokens } from '#contract/units.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { NO_PREFIX } from '#workload/traces/trace.js';

export interface ClosedLoop {
  readonly concurrency: number;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
}

/** Requests that each client makes one after the other; the first of each is left out of the figures. */
const ROUNDS = 4;

/**
 * Plays a closed loop: so many clients that all begin at once, each asking again when its answer ends, with prompts and answers of one
 * length.
 *
 * @returns means over all requests but each client's first.
 */
export function closedLoop(
  profile: EngineProfile,
  { concurrency, promptTokens, outputTokens }: ClosedLoop,
): { readonly ttftMs: Milliseconds; readonly tpotMs: Milliseconds } {
  const engine = createEngine(profile, { events: 'milestones', prefixCaching: false });
  const total = ROUNDS * concurrency;
  const begun = new Float64Array(total);
  const first = new Float64Array(total).fill(-1);
  let submitted = 0;
  let now = 0;
  const submit = () => {
    begun[submitted] = now;
    engine.submit({ id: submitted++, promptTokens, outputTokens, prefix: NO_PREFIX }, now);
  };
  for (let client = 0; client < concurrency; client++) submit();
  let ttft = 0;
  let tpot = 0;
  for (;;) {
    const iteration = engine.advance(now, Number.POSITIVE_INFINITY);
    if (iteration === undefined) break;
    now = iteration.endsAt;
    for (const { kind, id } of iteration.events) {
      if (kind === 'token' && first[id]! < 0) first[id] = now;
      if (kind !== 'finished') continue;
      if (id >= concurrency) {
        ttft += first[id]! - begun[id]!;
        tpot += (now - first[id]!) / Math.max(1, outputTokens - 1);
      }
      if (submitted < total) submit();
    }
  }
  const counted = total - concurrency;
  return { ttftMs: ttft / counted, tpotMs: tpot / counted };
}
