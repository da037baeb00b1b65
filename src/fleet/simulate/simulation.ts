import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import type { TwinConfig } from '#fleet/twin/fleet-twin.js';
import type { FleetWatcher } from '#fleet/twin/moments.js';
import { type PoolTwinResult, playFleet } from '#fleet/twin/pool-twin.js';
import type { PoolConfig } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

export interface SimulationOptions {
  /** Simulated replicas have names. */
  readonly config: TwinConfig;
  /** What every request asks for: a model, or a virtual name that has the router decide. */
  readonly model?: string | undefined;
  readonly seed: number;
  /** {@link FleetTwinOptions.warmUpMs} */
  readonly warmUpMs?: Milliseconds | undefined;
  /** {@link FleetTwinOptions.startedAt} */
  readonly startedAt?: Milliseconds | undefined;
  readonly watch?: FleetWatcher | undefined;
  /** Whether a line is kept for each answer; yes unless said. Without, memory does not grow with the trace. */
  readonly keepAnswers?: boolean;
  /** Arrivals come this many times as fast as in the trace: 1 unless said. */
  readonly rateScale?: number;
  readonly progress?: (arrived: number) => void;
}

/**
 * Plays a trace through a configuration, in virtual time: its router, its pools, and the failures and autoscaling of its `fleet:` block.
 *
 * @throws WeirError where a pool does not say what its engines are, or `model` is no name that the configuration knows.
 */
export function simulate(requests: Iterable<TraceRequest>, options: SimulationOptions): PoolTwinResult {
  const { config, model, seed, rateScale, warmUpMs, startedAt, watch, keepAnswers, progress } = options;
  refuseWhatCannotBeSimulated(config.pool);
  return playFleet(requests, {
    config,
    asks: askedName(config, model),
    random: seededRandom(seed),
    ...(keepAnswers === undefined ? {} : { keepAnswers }),
    ...(rateScale === undefined ? {} : { rateScale }),
    ...(warmUpMs === undefined ? {} : { warmUpMs }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(watch === undefined ? {} : { watch }),
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

/**
 * What a request asks for: `asked` where it is given, the model that the trace names where the configuration knows it, and else the
 * first virtual name, so that the router decides.
 *
 * @throws WeirError `config.unknown_reference` for a name that means nothing.
 */
export function askedName({ pool, router }: TwinConfig, asked: string | undefined): (request: TraceRequest) => string {
  const virtual = router?.names ?? ['auto'];
  const known = new Set([...Object.keys(pool.models), ...virtual]);
  if (asked !== undefined) {
    if (known.has(asked)) return () => asked;
    throw new WeirError('config.unknown_reference', `No model and no virtual name is "${asked}".`, {
      path: 'model',
      hint: `one of ${[...known].join(', ')}`,
    });
  }
  return ({ model }) => (model !== undefined && known.has(model) ? model : virtual[0]!);
}
