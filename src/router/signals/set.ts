import { WeirError } from '#contract/errors.js';
import { NO_POOL_STATE } from '#contract/pool-view.js';
import type { Typed } from '#router/one-of.js';
import { poolState, poolStateSignal } from './pool-state.js';
import { SIGNAL_TYPES } from './registry.js';
import type { PreparedEvaluator, SignalPorts, SignalType } from './signal-type.js';

const BY_TYPE: ReadonlyMap<string, SignalType> = new Map(SIGNAL_TYPES.map(type => [type.type, type]));

/** The kind of signal of this name. */
export function signalType(type: string): SignalType | undefined {
  return BY_TYPE.get(type);
}

/** The signals of one configuration, compiled. Shared by all boards that are made from it. */
export class SignalSet {
  readonly evaluators: readonly PreparedEvaluator[];
  private readonly indexes: ReadonlyMap<string, number>;

  /**
   * @param named every name that some condition has: those of pool state need no declaration.
   * @throws WeirError when the options of a signal are wrong in a way that `checkRouter` reports.
   */
  constructor(signals: Readonly<Record<string, Typed>>, ports: SignalPorts, named: readonly string[] = []) {
    const declared = Object.entries(signals).map(([name, { type, options }]) => {
      const known = signalType(type);
      if (known === undefined) throw new WeirError('config.unknown_reference', `there is no signal type ${type}`);
      return known.build(name, options, ports);
    });
    const ofPools = [...new Set(named)].filter(name => !Object.hasOwn(signals, name) && poolState(name) !== undefined);
    this.evaluators = [...declared, ...ofPools.map(name => poolStateSignal(name, ports.pool ?? NO_POOL_STATE))];
    this.indexes = new Map(this.evaluators.map(({ name }, index) => [name, index]));
  }

  indexOf(name: string): number | undefined {
    return this.indexes.get(name);
  }

  get(name: string): PreparedEvaluator | undefined {
    const index = this.indexes.get(name);
    return index === undefined ? undefined : this.evaluators[index];
  }

  /** Loads whatever the signals need. Never rejects. */
  async prepare(): Promise<void> {
    await Promise.all(this.evaluators.map(evaluator => evaluator.prepare?.()));
  }
}
