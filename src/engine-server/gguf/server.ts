import type { Clock } from '#contract/clock.js';
import { seededRandom } from '#contract/random.js';
import { type Listening, listen } from '#engine-server/listen.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { EngineStats } from '#pool/engine/engine.js';
import { GgufBackend } from './backend.js';
import { type GgufFacts, type GgufOptions, openGguf } from './model.js';
import { modelNameOf } from './model-name.js';

export interface GgufServerOptions extends GgufOptions {
  /** Name under which the model is served; the file's name without `.gguf` unless said. */
  readonly servedAs?: string;
  /** 127.0.0.1 unless said. */
  readonly host?: string;
  /** A free one unless said. */
  readonly port?: number;
  /** Seed of the answers of requests that name none: 1 unless said. */
  readonly seed?: number;
  readonly clock?: Clock;
}

export interface GgufServer extends Listening {
  readonly facts: GgufFacts;
  readonly servedAs: string;
  readonly sequences: number;
  stats(): EngineStats;
}

/**
 * Starts a server that speaks as vLLM does and answers with the model in a GGUF file.
 *
 * @throws WeirError what {@link openGguf} throws; what the system says when it cannot listen.
 */
export async function startGgufServer(options: GgufServerOptions): Promise<GgufServer> {
  const { host = '127.0.0.1', port = 0, seed = 1, clock = machineClock } = options;
  const gguf = await openGguf(options);
  const servedAs = options.servedAs ?? modelNameOf(options.file);
  const backend = new GgufBackend(gguf, seededRandom(seed).fork('answers'));
  const server = await listen({ backend, servedAs, faults: undefined, clock }, { host, port });
  return { ...server, servedAs, facts: gguf.facts, sequences: gguf.sequences.length, stats: () => backend.stats() };
}
