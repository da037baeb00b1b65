import { NO_MODELS } from '#contract/learned.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { PersonalData } from '#models/personal-data/finder.js';
import type { OptionProblem, PreparedEvaluator, SignalType } from '#router/signals/signal-type.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { profile, request } from '../support.js';

const PERSONAL = new PersonalData(() => undefined);

/** Builds a signal as a file would: through its schema. */
export function built(type: SignalType, options: unknown): PreparedEvaluator {
  return type.build('it', type.schema.parse(options), {
    clock: new VirtualClock(),
    learned: NO_MODELS,
    personal: PERSONAL,
  });
}

/** The value of a signal that needs no waiting. */
export function readOf(type: SignalType, options: unknown, input: Partial<SignalInput> | string): SignalValue {
  const given = typeof input === 'string' ? { request: request(input) } : input;
  const value = built(type, options).evaluate({ request: request(), profile: profile(), ...given });
  if (value instanceof Promise) throw new Error('has to be waited for');
  return value;
}

export function problemsOf(type: SignalType, options: unknown): readonly OptionProblem[] {
  return type.check?.(type.schema.parse(options)) ?? [];
}

export function accepts(type: SignalType, options: unknown): boolean {
  return type.schema.safeParse(options).success;
}
