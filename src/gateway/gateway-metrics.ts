import type { ModelStatus } from '#contract/embedder.js';
import type { PoolAdvice } from '#fleet/scale/recommendation.js';
import type { PoolStatus } from '#pool/topology/snapshot.js';
import type { RemoteRecordStore } from '#store/open-records.js';
import type { Metrics, Reading } from '#telemetry/metrics.js';
import type { Gateway } from './gateway.js';

/** Adds what can be read off a gateway at a scrape: how full it is, who waits, which configuration is in force. */
export function addGatewayMetrics(metrics: Metrics, gateway: Gateway, version: string): void {
  const one = (value: number): Reading[] => [{ labels: {}, value }];
  const pools = (of: (pool: PoolStatus) => number) => (): Reading[] =>
    gateway.runtime.pool.snapshot().pools.map(pool => ({ labels: { pool: pool.name }, value: of(pool) }));

  metrics.gauge(
    'weir_build_info',
    'Always 1; the labels say what runs.',
    ['version', 'node'],
    () => [{ labels: { version, node: process.versions.node }, value: 1 }],
    'max',
  );
  metrics.gauge(
    'weir_config_info',
    'Always 1; the label says which configuration is in force.',
    ['version'],
    () => [{ labels: { version: gateway.runtime.config.version }, value: 1 }],
    'max',
  );
  metrics.gauge('weir_draining', '1 when the gateway is shutting down.', [], () => one(gateway.leaving ? 1 : 0), 'max');
  metrics.gauge('weir_in_flight', 'Requests open now.', [], () => one(gateway.inFlight));
  metrics.gauge('weir_in_flight_limit', 'Requests that may be open at once.', [], () =>
    one(gateway.runtime.config.gateway.limits.requests),
  );
  metrics.gauge(
    'weir_held_answer_bytes',
    'Bytes of answers that wait until they are whole, or for their clients.',
    [],
    () => one(gateway.runtime.heldRoom.held),
  );
  metrics.gauge('weir_connections', 'Connections of clients that stand now, idle ones included.', [], () =>
    one(gateway.connections),
  );
  metrics.gauge('weir_records_dropped', 'Decision records that could not be kept.', [], () =>
    one(gateway.runtime.records.dropped),
  );
  metrics.gauge(
    'weir_pool_in_flight',
    'Requests on the replicas of a pool.',
    ['pool'],
    pools(pool => pool.inFlight),
  );
  metrics.gauge(
    'weir_pool_limit',
    'Places on replicas that take requests now.',
    ['pool'],
    pools(pool => pool.limit),
  );
  metrics.gauge(
    'weir_pool_queued',
    'Requests that wait for a place in a pool.',
    ['pool'],
    pools(pool => pool.queued),
  );
  metrics.gauge(
    'weir_pool_queue_limit',
    'Requests that may wait in a pool.',
    ['pool'],
    pools(pool => pool.queueLength),
  );
  metrics.gauge(
    'weir_pool_queue_oldest_seconds',
    'How long the first in line has waited.',
    ['pool'],
    pools(pool => pool.oldestWaitMs / 1000),
    'max',
  );
  metrics.gauge(
    'weir_pool_replicas_available',
    'Replicas that take requests now.',
    ['pool'],
    pools(pool => pool.available),
    'min',
  );
  const advice = (of: (advice: PoolAdvice) => number) => (): Reading[] =>
    gateway.adviser.recommendations.flatMap(({ pool, advice }) =>
      advice === undefined ? [] : [{ labels: { pool }, value: of(advice) }],
    );
  metrics.gauge(
    'weir_pool_recommended_replicas',
    'Replicas that a pool should have, held and within its bounds; no sample where none can be recommended.',
    ['pool'],
    advice(({ replicas }) => replicas),
    'max',
  );
  metrics.gauge(
    'weir_pool_needed_replicas',
    'Replicas that the load of a pool takes, not rounded, without hold and bounds: what may be summed over gateways.',
    ['pool'],
    advice(({ needed }) => needed),
    'max',
  );
  metrics.counter(
    'weir_tokenize_total',
    'Prompts whose tokens an engine was asked for before they were placed, by what came of it.',
    ['result'],
    () => {
      const { answered, failed, skipped } = gateway.runtime.promptTokens.counts;
      return Object.entries({ answered, failed, skipped }).map(([result, value]) => ({ labels: { result }, value }));
    },
  );
  metrics.gauge(
    'weir_rebalance_boundary_tokens',
    'Boundary of a pair of pools that follows the lengths of requests.',
    ['pair'],
    () =>
      gateway.runtime.pool.rebalancing
        .status()
        .pairs.map(({ pair, boundary }) => ({ labels: { pair }, value: boundary })),
    'max',
  );
  metrics.counter(
    'weir_rebalance_moves_total',
    'Replicas that moved from one pool of a pair to the other.',
    ['pair'],
    () =>
      gateway.runtime.pool.rebalancing.status().pairs.map(({ pair, moved }) => ({ labels: { pair }, value: moved })),
  );
  metrics.gauge(
    'weir_replica_available',
    '1 when the replica takes requests.',
    ['replica'],
    () =>
      gateway.runtime.pool
        .replicas()
        .map(replica => ({ labels: { replica: replica.id }, value: replica.unavailable === undefined ? 1 : 0 })),
    'min',
  );
}

/** Adds how the record does where it lives in a database of its own. */
export function addRemoteRecordMetrics(metrics: Metrics, records: RemoteRecordStore): void {
  metrics.gauge(
    'weir_records_up',
    '1 when the database of the record took what it was last given.',
    [],
    () => [{ labels: {}, value: records.up ? 1 : 0 }],
    'min',
  );
  metrics.gauge('weir_records_backlog', 'Records that wait to be written to their database.', [], () => [
    { labels: {}, value: records.backlog },
  ]);
}

/** Adds what the small local models do: how full their queue is, what they refused, what they weigh. */
export function addModelMetrics(metrics: Metrics, status: () => readonly ModelStatus[]): void {
  const each = (of: (model: ModelStatus) => number) => (): Reading[] =>
    status().map(model => ({ labels: { model: model.name }, value: of(model) }));

  metrics.gauge(
    'weir_model_ready',
    '1 when the local model can be asked.',
    ['model'],
    each(({ state }) => (state === 'ready' ? 1 : 0)),
    'min',
  );
  metrics.gauge(
    'weir_model_bytes',
    'Weights of the local model in memory.',
    ['model'],
    each(({ bytes }) => bytes),
  );
  metrics.gauge(
    'weir_model_queued',
    'Texts that wait for the local model.',
    ['model'],
    each(({ queued }) => queued),
  );
  metrics.counter(
    'weir_model_texts_total',
    'Texts the local model has read.',
    ['model'],
    each(({ texts }) => texts),
  );
  metrics.counter(
    'weir_model_batches_total',
    'Batches they went through it in.',
    ['model'],
    each(({ batches }) => batches),
  );
  metrics.counter(
    'weir_model_refused_total',
    'Texts it did not read because its queue was full or too slow.',
    ['model'],
    each(({ refused }) => refused),
  );
  metrics.counter(
    'weir_model_busy_seconds_total',
    'Time that its threads were at work.',
    ['model'],
    each(({ busyMs }) => busyMs / 1000),
  );
}
