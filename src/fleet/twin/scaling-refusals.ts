import { WeirError } from '#contract/errors.js';
import type { FleetConfig } from '#fleet/schema.js';
import type { PoolConfig } from '#pool/schema.js';
import { prefillPools } from '#pool/topology/build.js';

/**
 * @throws WeirError `config.invalid` for a pool whose replicas both come and go with the load and move to another pool, and for one of which the
 * gateway recommends no number.
 */
export function refuseScaling(pool: PoolConfig, plans: FleetConfig['pools']): void {
  for (const { short, long } of Object.values(pool.rebalance ?? {})) {
    const scaled = [short, long].find(name => plans[name]?.autoscale !== undefined);
    if (scaled === undefined) continue;
    throw new WeirError('config.invalid', `The pool ${scaled} is one of a pair that shares its replicas.`, {
      path: `fleet.pools.${scaled}.autoscale`,
      hint: 'leave out autoscale here, or the pair under pool.rebalance',
    });
  }
  const prefills = prefillPools(pool);
  for (const [name, { autoscale }] of Object.entries(plans)) {
    if (autoscale === undefined || autoscale.by === 'target') continue;
    if (!prefills.has(name) && pool.pools[name]?.prefill === undefined) continue;
    throw new WeirError('config.invalid', `No replicas are recommended for ${name}, which is disaggregated.`, {
      path: `fleet.pools.${name}.autoscale.by`,
      hint: 'by: target, with a metric and a target',
    });
  }
}
