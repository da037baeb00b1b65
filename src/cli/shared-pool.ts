import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '#config/load.js';
import type { Broadcast } from '#contract/broadcast.js';
import { machineClock } from '#gateway/machine-clock.js';
import { PoolSharing } from '#gateway/pool-sharing.js';
import type { LivePool } from '#pool/pool.js';
import type { Metrics } from '#telemetry/metrics.js';

export interface SharedPoolParts {
  readonly pool: LivePool;
  readonly metrics: Metrics;
  /** How the processes of this machine reach one another; absent for one alone. */
  readonly machine?: Broadcast | undefined;
}

/**
 * Tells other gateways what this one has on the replicas, and hears it of them: over Redis where the configuration names one, else among the
 * processes of this machine; `undefined` for one that is alone. The metrics say in any case what placement knows of.
 *
 * @throws WeirError `store.unavailable` when the package for Redis is not installed. A Redis that does not answer is no reason to fail.
 */
export async function openPoolSharing(
  { gateway: { shared } }: Config,
  { pool, metrics, machine }: SharedPoolParts,
): Promise<PoolSharing | undefined> {
  const broadcast = shared.redis === undefined ? machine : await openRedis(shared.redis, shared.prefix);
  const sharing =
    broadcast === undefined
      ? undefined
      : new PoolSharing({
          ...{ pool, broadcast, clock: machineClock },
          process: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
        });
  const one = (value: number) => [{ labels: {}, value }];
  metrics.gauge(
    'weir_shared_pool_up',
    '1 when other gateways on the same replicas can be heard; at 0 placement knows of its own requests only.',
    [],
    () => one(sharing?.connected === true ? 1 : 0),
    'min',
  );
  metrics.gauge(
    'weir_shared_pool_gateways',
    'Other gateways whose requests placement knows of.',
    [],
    () => one(pool.sharing.heard),
    'min',
  );
  metrics.counter('weir_shared_pool_left_out_total', 'Prompts that were too many to tell other gateways of.', [], () =>
    one(pool.sharing.leftOut),
  );
  return sharing;
}

async function openRedis(url: string, prefix: string): Promise<Broadcast> {
  const { RedisBroadcast } = await import('#store/broadcast/redis-broadcast.js');
  return RedisBroadcast.open({ url, prefix });
}
