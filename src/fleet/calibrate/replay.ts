import type { Milliseconds } from '#contract/units.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { Engine } from '#pool/engine/engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { NO_PREFIX } from '#workload/traces/trace.js';
import type { EngineConstants } from './constants.js';
import type { MeasuredRun } from './measured-run.js';

/** What the engine model says of one request. */
export interface PredictedRequest {
  readonly ttftMs: Milliseconds;
  readonly tpotMs: Milliseconds | undefined;
  readonly e2eMs: Milliseconds;
}

/** Plays a measured run through the engine model: the same arrivals and lengths, in the same order. */
export function replay(run: MeasuredRun, constants: EngineConstants): readonly PredictedRequest[] {
  const { model, gpu, tp, engine: settings, requests } = run;
  const profile = engineProfile({ model, gpu, tp, ...settings, ...constants });
  const engine = createEngine(profile, { events: 'milestones' });
  const first = new Float64Array(requests.length);
  const last = new Float64Array(requests.length);
  let now = 0;
  let next = 0;
  for (;;) {
    for (; next < requests.length && requests[next]!.arrivalMs <= now; next++) {
      const { promptTokens, outputTokens } = requests[next]!;
      engine.submit({ id: next, promptTokens, outputTokens, prefix: NO_PREFIX }, now);
    }
    const horizon = requests[next]?.arrivalMs ?? Number.POSITIVE_INFINITY;
    const iteration = engine.advance(now, horizon);
    if (iteration === undefined) {
      if (next >= requests.length) break;
      now = horizon;
      continue;
    }
    now = iteration.endsAt;
    mark(iteration.events, now, first, last);
  }
  return requests.map(({ arrivalMs, outputTokens }, i) => ({
    ttftMs: first[i]! - arrivalMs,
    tpotMs: outputTokens > 1 ? (last[i]! - first[i]!) / (outputTokens - 1) : undefined,
    e2eMs: last[i]! - arrivalMs,
  }));
}

function mark(
  events: NonNullable<ReturnType<Engine['step']>>['events'],
  now: Milliseconds,
  first: Float64Array,
  last: Float64Array,
): void {
  for (const { kind, id } of events) {
    if (kind === 'token' && first[id] === 0) first[id] = now;
    else if (kind === 'finished') last[id] = now;
  }
}
