import type { SignalValue } from '#contract/signal.js';
import type { RouterConfig } from '#router/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

type ConfiguredSignal = RouterConfig['signals'][string];

/**
 * What the signals of a configuration are for the requests of a trace: as recorded where the trace says, computed where a trace's facts
 * are enough, and else unknown, which is for each decision to meet as it says. Nothing is guessed.
 */
export class RecordedSignals {
  private readonly unknown: ReadonlyMap<string, SignalValue>;

  /** @param dated whether the trace says at what time of day it began. */
  constructor(
    private readonly signals: RouterConfig['signals'],
    dated: boolean,
  ) {
    this.unknown = new Map(
      Object.entries(signals)
        .filter(([, signal]) => !isInTrace(signal, dated))
        .map(([name]) => [name, NOT_RECORDED]),
    );
  }

  /** Signals that are unknown for every request that does not bring them. */
  get missing(): readonly string[] {
    return [...this.unknown.keys()];
  }

  /** Values that stand for a request whatever the evaluators would say; `undefined` for none. */
  of({ signals }: TraceRequest): ReadonlyMap<string, SignalValue> | undefined {
    if (signals === undefined) return this.unknown.size === 0 ? undefined : this.unknown;
    const given = new Map(this.unknown);
    for (const [name, value] of signals) if (Object.hasOwn(this.signals, name)) given.set(name, value);
    return given;
  }
}

const NOT_RECORDED: SignalValue = Object.freeze({ state: 'unknown', score: 0, evidence: 'not in the trace' });

/** Whether a trace's own facts (tokens, session, turn, model, time) are all that a signal looks at. */
function isInTrace({ type, options }: ConfiguredSignal, dated: boolean): boolean {
  const stated = Object.entries((options ?? {}) as Readonly<Record<string, unknown>>)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  switch (type) {
    case 'context':
      return true;
    case 'time':
      return dated;
    case 'workload':
      return !stated.includes('application') && !stated.includes('modality');
    case 'conversation':
      return stated.every(name => name === 'turns');
    case 'metadata':
      return stated.includes('model');
    default:
      return false;
  }
}
