import { stringify } from 'yaml';
import { type EmittedFleet, type EmittedPool, type EmittedTier, MOST_SEQUENCES, replicaUrls } from './fleet.js';

/** The `weir.yaml` of a planned fleet: a decision for everything, and the `pool:` block with each replica's address. */
export function weirYaml(fleet: EmittedFleet): string {
  return `# ${fleet.summary}.
# Written by weir plan. Replicas are pods of the StatefulSets in kubernetes/; set router: to your own.
${document(fleet, pool => ({
  gpu: pool.gpu,
  ...(pool.tp === 1 ? {} : { tp: pool.tp }),
  gpu_price: pool.price.usd_per_hour,
  power: pool.hardware.power,
  ...memoryOf(pool),
  served_as: fleet.model.hub,
  replicas: replicaUrls(pool, fleet.namespace).map((url, i) => ({ id: `${pool.name}-${i}`, url })),
}))}`;
}

/** The same with simulated engines: for `weir simulate`, `weir what-if` and a try on a laptop. */
export function simulatedYaml(fleet: EmittedFleet): string {
  return `# ${fleet.summary}.
# Written by weir plan, with simulated engines: weir simulate -c simulate.yaml --trace FILE
${document(fleet, pool => ({
  simulate: { model: fleet.model.name, gpu: pool.gpu, tp: pool.tp, replicas: pool.replicas, ...memoryOf(pool) },
}))}`;
}

function memoryOf({ memory }: EmittedPool): object {
  if (memory === undefined) return {};
  const tier = ({ gb, link }: EmittedTier) => ({ size: `${gb}GB`, link });
  return { host_memory: { ...tier(memory.host), ...(memory.disk && { disk: tier(memory.disk) }) } };
}

function document(
  { model, weights, kvCache, pools, window }: EmittedFleet,
  engines: (pool: EmittedPool) => object,
): string {
  const block = {
    router: { decisions: [{ name: 'default', when: 'otherwise', models: [model.name] }] },
    pool: {
      models: { [model.name]: { context: window, weights, kv_cache: kvCache } },
      pools: Object.fromEntries(
        pools.map(pool => [
          pool.name,
          {
            model: model.name,
            ...(pool.boundary === null ? {} : { context: pool.boundary }),
            concurrency: MOST_SEQUENCES,
            ...(pool.prefill === undefined ? {} : { prefill: pool.prefill }),
            ...engines(pool),
          },
        ]),
      ),
    },
  };
  return stringify(block, { lineWidth: 0 });
}
