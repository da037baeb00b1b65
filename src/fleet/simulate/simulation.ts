import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { type PoolTwinResult, playPool } from '#fleet/twin/pool-twin.js';
import type { PoolConfig } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

export interface SimulationOptions {
  /** The `pool:` block; simulated replicas have names. */
  readonly config: PoolConfig;
  /** Model that is asked for where the trace names none that is configured. */
  readonly model?: string | undefined;
  readonly seed: number;
  /** Arrivals come this many times as fast as in the trace: 1 unless said. */
  readonly rateScale?: number;
  readonly progress?: (arrived: number) => void;
}

/**
 * Plays a trace through the pools of a configuration, in virtual time.
 *
 * @throws WeirError where a pool does not say what its engines are, or nothing says which model a request asks for.
 */
export function simulate(requests: readonly TraceRequest[], options: SimulationOptions): PoolTwinResult {
  const { config, model, seed, rateScale, progress } = options;
  refuseWhatCannotBeSimulated(config);
  return playPool(requests, {
    config,
    modelOf: modelOf(config, model),
    random: seededRandom(seed),
    ...(rateScale === undefined ? {} : { rateScale }),
    ...(progress === undefined ? {} : { progress }),
  });
}

/** @throws WeirError `config.missing` where a pool does not say what its engines are. */
export function refuseWhatCannotBeSimulated({ pools }: PoolConfig): void {
  for (const [name, { simulate: engine }] of Object.entries(pools)) {
    if (engine !== undefined) continue;
    throw new WeirError('config.missing', `Pool ${name} does not say what its engines are.`, {
      path: `pool.pools.${name}.simulate`,
      hint: 'simulate: { model: llama-3.1-8b, gpu: h100, replicas: 2 } in place of its replicas',
    });
  }
}

/** The model that the trace names, if it is configured; else the one asked for; else the only one that a pool serves. */
function modelOf({ pools }: PoolConfig, asked: string | undefined): (request: TraceRequest) => string {
  const served = [...new Set(Object.values(pools).map(({ model }) => model))];
  if (asked !== undefined && !served.includes(asked)) {
    throw new WeirError('config.unknown_reference', `No pool serves "${asked}".`, {
      hint: `one of ${served.join(', ')}`,
    });
  }
  const fallback = asked ?? (served.length === 1 ? served[0] : undefined);
  return ({ model }) => {
    if (model !== undefined && served.includes(model)) return model;
    if (fallback !== undefined) return fallback;
    throw new WeirError('usage.invalid', 'The trace does not say which of the models it asks for.', {
      hint: `--model, one of ${served.join(', ')}`,
    });
  };
}
