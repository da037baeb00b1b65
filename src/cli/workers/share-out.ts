import type { Config } from '#config/load.js';

/**
 * The configuration for one of `workers` processes: what is a bound on the whole gateway becomes its even share, rounded down and at
 * least one, so that all together stay within the bound (or have one each, where it is smaller than their number).
 */
export function sharedOut(config: Config, workers: number): Config {
  if (workers === 1) return config;
  const share = (bound: number): number => (bound === 0 ? 0 : Math.max(1, Math.floor(bound / workers)));
  const { gateway, pool } = config;
  return {
    ...config,
    gateway: {
      ...gateway,
      limits: { ...gateway.limits, requests: share(gateway.limits.requests), held: share(gateway.limits.held) },
    },
    pool: {
      ...pool,
      pools: Object.fromEntries(
        Object.entries(pool.pools).map(([name, entry]) => [
          name,
          {
            ...entry,
            concurrency: share(entry.concurrency),
            queue: {
              ...entry.queue,
              length: share(entry.queue.length),
              tokens: share(entry.queue.tokens),
              bytes: share(entry.queue.bytes),
            },
          },
        ]),
      ),
    },
  };
}
