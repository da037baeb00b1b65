import type { Clock } from '#contract/clock.js';
import { seededRandom } from '#contract/random.js';
import type { Tokens } from '#contract/units.js';
import { machineClock } from '#gateway/machine-clock.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import type { EngineStats } from '#pool/engine/engine.js';
import { hostMemory } from '#pool/engine/host-cache.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import { type EngineProfile, engineProfile } from '#pool/engine/profile.js';
import { type Fault, type FaultInput, Faults } from './faults.js';
import { type KvEventPlaces, KvEventPublisher } from './kv-events/publisher.js';
import { KvConnector, type KvRole } from './kv-transfer/connector.js';
import { listen } from './listen.js';
import { SimulatedBackend } from './simulated/backend.js';
import { Pacer } from './simulated/pacer.js';

export interface EngineServerOptions {
  /** Model of the engine catalogue whose timing is simulated: `llama-3.1-8b`. */
  readonly model: string;
  /** GPU of the engine catalogue: `h100`. */
  readonly gpu: string;
  /** GPUs in the tensor-parallel group: 1 unless said. */
  readonly tp?: number;
  /** What its weights are: what the model is published in unless said. */
  readonly weights?: WeightPrecision;
  /** What its KV cache is: 16 bits unless said. */
  readonly kvCache?: KvPrecision;
  /** Name under which the model is served; `model` unless said. */
  readonly servedAs?: string;
  /** 127.0.0.1 unless said. */
  readonly host?: string;
  /** A free one unless said. */
  readonly port?: number;
  /** How many times faster than the real thing: 1 unless said. */
  readonly speed?: number;
  /** Answers whole at once, without pacing: for load tests. Prefixes are still cached and counted. */
  readonly instant?: boolean;
  /** Seed of answers and faults: 1 unless said. */
  readonly seed?: number;
  readonly blocks?: number;
  readonly contextTokens?: Tokens;
  readonly maxSequences?: number;
  readonly maxBatchedTokens?: Tokens;
  readonly admission?: 'paged' | 'reserve';
  /** Median length of answers: 80 unless said. */
  readonly answerTokens?: Tokens;
  readonly faults?: readonly FaultInput[];
  /** What it is in disaggregated serving: computes prompts for others, answers from KV that others computed, or both. Neither unless said. */
  readonly role?: KvRole;
  /** Gigabytes of KV a second that one transfer moves: 25 unless said. */
  readonly kvLink?: number;
  /** What a request comes to whose KV did not arrive: vLLM's `kv_load_failure_policy`; `fail` unless said. */
  readonly kvLoadFailure?: 'fail' | 'recompute';
  /** Gigabytes of the host's memory in which KV is kept that the GPUs had to give up; none unless said. */
  readonly hostMemory?: number | undefined;
  /** Gigabytes a second that each GPU reads from it: 25 unless said. */
  readonly hostLink?: number | undefined;
  /** Gigabytes of storage in which KV is kept that the host's memory had to give up; none unless said. */
  readonly disk?: number | undefined;
  /** Gigabytes a second that each GPU reads from it: 3 unless said. */
  readonly diskLink?: number | undefined;
  /** Where it publishes what happens in its prefix cache, as vLLM does: `tcp://127.0.0.1:5557`. Nowhere unless said. */
  readonly kvEvents?: KvEventPlaces | undefined;
  readonly clock?: Clock;
}

export interface EngineServer {
  readonly url: string;
  readonly port: number;
  readonly profile: EngineProfile;
  /** Where its KV events are, with the ports that were free. */
  readonly kvEvents?: KvEventPlaces;
  /** Sets the fault of its kind; `none` ends all of them. */
  setFault(fault: FaultInput): void;
  faults(): readonly Fault[];
  stats(): EngineStats;
  /** Stops listening and ends what is open. */
  close(): Promise<void>;
  /** As {@link EngineServer.close}, once everything that was asked has been answered. */
  retire(): Promise<void>;
}

/** Sequences that may wait in one simulated engine. */
const MOST_WAITING = 10_000;

/**
 * Starts a server that speaks as vLLM does and answers at the pace the engine model computes.
 *
 * @throws WeirError what {@link engineProfile} throws; what the system says when it cannot listen.
 */
export async function startEngineServer(options: EngineServerOptions): Promise<EngineServer> {
  const { model, gpu, servedAs, host = '127.0.0.1', port = 0, seed = 1, clock = machineClock } = options;
  const profile = engineProfile({ model, gpu, ...given(options) });
  const speed = options.instant === true ? Number.POSITIVE_INFINITY : (options.speed ?? 1);
  const random = seededRandom(seed);
  const telling =
    options.kvEvents === undefined
      ? undefined
      : await KvEventPublisher.open(profile.blockTokens, options.kvEvents, clock);
  const engine = createEngine(profile, {
    ...{ admission: options.admission ?? 'paged', maxWaiting: MOST_WAITING, cache: telling },
    host:
      options.hostMemory === undefined
        ? undefined
        : hostMemory(profile, {
            ...{ size: options.hostMemory * 1e9, link: options.hostLink ?? 25 },
            ...(options.disk === undefined ? {} : { disk: { size: options.disk * 1e9, link: options.diskLink ?? 3 } }),
          }),
  });
  const pacer = new Pacer(engine, clock, speed);
  const faults = new Faults(clock, random.fork('faults'));
  for (const fault of options.faults ?? []) faults.set(fault);
  const name = servedAs ?? model;
  const answerTokens = options.answerTokens ?? 80;
  const backend = new SimulatedBackend({
    profile,
    pacer,
    servedAs: name,
    answerTokens,
    random: random.fork('answers'),
    prompts: telling,
  });
  const { role, kvLink = 25, kvLoadFailure = 'fail' } = options;
  const kv =
    role === undefined
      ? undefined
      : new KvConnector(
          { role, link: kvLink, onFailure: kvLoadFailure, speed, bytesPerToken: profile.kvTransferBytesPerToken },
          clock,
        );
  const server = await listen({ backend, servedAs: name, faults, clock, kv }, { host, port }).catch(
    (error: unknown) => {
      telling?.close();
      throw error;
    },
  );
  return {
    ...server,
    ...(telling === undefined ? undefined : { kvEvents: telling.places }),
    async close() {
      telling?.close();
      await server.close();
    },
    async retire() {
      await server.retire();
      telling?.close();
    },
    profile,
    setFault: fault => faults.set(fault),
    faults: () => faults.list(),
    stats: () => backend.stats(),
  };
}

function given(options: EngineServerOptions) {
  const { tp, weights, kvCache, blocks, contextTokens, maxSequences, maxBatchedTokens } = options;
  return {
    ...(tp === undefined ? undefined : { tp }),
    ...{ ...(weights && { weights }), ...(kvCache && { kvCache }) },
    ...(blocks === undefined ? undefined : { blocks }),
    ...(contextTokens === undefined ? undefined : { contextTokens }),
    ...(maxSequences === undefined ? undefined : { maxSequences }),
    ...(maxBatchedTokens === undefined ? undefined : { maxBatchedTokens }),
  };
}
