import { seededRandom } from '#contract/random.js';
import { playTrace, type TwinResult } from '#fleet/twin/trace-driver.js';
import type { Engine, HostMemory } from '#pool/engine/engine.js';
import { EngineForecast } from '#pool/engine/forecast.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { createPlacer, type PlacerName } from '#pool/placement/create-placer.js';
import { PRESETS } from '#pool/placement/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { type BenchEngine, benchEngines, benchProfile, blockTokensOf } from './engines.js';
import { offeredUtilisation } from './offered-load.js';
import { SharedCache } from './shared-cache.js';

export interface FleetOptions {
  readonly replicas: number;
  /** Prefix blocks that a replica's cache holds, running requests included; unbounded when absent. */
  readonly blocks: number | undefined;
  readonly engine: BenchEngine;
  /** Prefix blocks that each replica's host keeps of what its GPUs give up, and bytes a second that each GPU reads of them; none when absent. */
  readonly host?: HostMemory | undefined;
  readonly seed: number;
  /** Most replicas that a placer scores for one request. */
  readonly candidates?: number | undefined;
}

/** One run of a policy, with the engines it used up. */
export interface Run {
  readonly result: TwinResult;
  readonly engines: readonly Engine[];
}

/** A trace and the replicas that are to serve it: everything that runs of different policies have in common. */
export class BenchFleet {
  readonly profile: EngineProfile;
  readonly blockTokens: number;
  readonly shared: SharedCache;
  readonly infinite = new SharedCache(Number.POSITIVE_INFINITY);
  /** Share of the fleet's capacity that the trace takes at its own clock, with the hits of the shared cache. */
  readonly demand: number | undefined;

  /** @throws WeirError `config.unknown_reference` for an unknown model or GPU. */
  constructor(
    readonly requests: readonly TraceRequest[],
    readonly options: FleetOptions,
  ) {
    const { replicas, blocks, engine } = options;
    this.shared = new SharedCache(blocks === undefined ? Number.POSITIVE_INFINITY : replicas * blocks);
    const cachedBlocks = requests.map(({ prefix }) => {
      this.infinite.request(prefix);
      return this.shared.request(prefix);
    });
    this.profile = benchProfile(engine, requests, blocks);
    this.blockTokens = blockTokensOf(requests);
    this.demand = offeredUtilisation(requests, cachedBlocks, this.profile, replicas);
  }

  /** Between the first and the last arrival, at a load. */
  spanMs(load: number): number {
    return ((this.requests.at(-1)?.arrivalMs ?? 0) - (this.requests[0]?.arrivalMs ?? 0)) / load;
  }

  play(policy: string, placer: PlacerName, load: number, progress?: (arrived: number) => void): Run {
    const { replicas, blocks, seed, candidates, host } = this.options;
    const { blockTokens } = this.profile;
    const each = Math.ceil(this.blockTokens / blockTokens);
    const memory = host && {
      ...{ ...host, blocks: host.blocks * each },
      ...(host.disk && { disk: { ...host.disk, blocks: host.disk.blocks * each } }),
    };
    const engines = benchEngines(this.profile, replicas, memory);
    const preset = PRESETS.find(name => name === placer);
    const spec = candidates === undefined || preset === undefined ? placer : { preset, candidates };
    const result = playTrace(this.requests, {
      placer: createPlacer(spec, { random: seededRandom(seed).fork(policy), maxReplicas: Math.max(1024, replicas) }),
      engines,
      replica: {
        limit: Number.MAX_SAFE_INTEGER,
        contextTokens: this.profile.contextTokens,
        cacheBlocks:
          blocks === undefined
            ? Math.max(1, this.infinite.size)
            : blocks + (host?.blocks ?? 0) + (host?.disk?.blocks ?? 0),
        kvTokens: this.profile.totalBlocks * this.profile.blockTokens,
        forecast: new EngineForecast(this.profile),
      },
      rateScale: load,
      ...(progress === undefined ? {} : { progress }),
    });
    return { result, engines };
  }
}
