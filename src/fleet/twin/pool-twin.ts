import type { Random } from '#contract/random.js';
import type { PoolConfig } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { FleetTwin, type FleetTwinOptions, type FleetTwinResult } from './fleet-twin.js';
import type { AnsweredRequest } from './twin-ledger.js';

export type { PoolFigures } from './simulated-pool.js';
export type { AnsweredRequest } from './twin-ledger.js';

export interface PoolTwinOptions extends Omit<FleetTwinOptions, 'config' | 'asks' | 'onAnswered' | 'random'> {
  /** The `pool:` block; every pool has `simulate` and the addresses of its replicas, which are only names here. */
  readonly config: PoolConfig;
  /** Model of a request: the trace may name it. */
  readonly modelOf: (request: TraceRequest) => string;
  readonly random: Random;
}

export interface PoolTwinResult extends FleetTwinResult {
  /** In order of completion; empty where they were not to be kept. */
  readonly completed: readonly AnsweredRequest[];
}

/** Plays a trace through the pools of a configuration alone: each request asks for a model by name, and none is decided. */
export function playPool(requests: Iterable<TraceRequest>, options: PoolTwinOptions): PoolTwinResult {
  const { config, modelOf, ...others } = options;
  return playFleet(requests, { ...others, config: { pool: config }, asks: modelOf });
}

/** Plays a trace through a configuration and keeps a line for each answer, unless told not to: {@link FleetTwin}. */
export function playFleet(
  requests: Iterable<TraceRequest>,
  options: Omit<FleetTwinOptions, 'onAnswered'> & { readonly keepAnswers?: boolean },
): PoolTwinResult {
  const completed: AnsweredRequest[] = [];
  const { keepAnswers = true, ...others } = options;
  const onAnswered = (request: AnsweredRequest) => completed.push(request);
  const twin = new FleetTwin(keepAnswers ? { ...others, onAnswered } : others);
  for (const request of requests) twin.offer(request);
  return { ...twin.finish(), completed };
}
