import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '#config/load.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Exchange } from '#store/counters/exchange.js';
import { ExchangedCounters } from '#store/counters/exchanged-counters.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';

export interface SharingProcess {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Where the processes of this machine meet, and how many there are; absent for one alone. */
  readonly machine?: { readonly exchange: Exchange; readonly processes: number } | undefined;
}

/**
 * What this process shares limits and budgets by: Redis where the configuration names one, else where the processes of this machine
 * meet; `undefined` for one that is alone, or that asks callers for no key.
 *
 * @throws WeirError `store.unavailable` when the package for Redis is not installed. A Redis that does not answer is no reason to fail.
 */
export async function openSharedLimits(
  { gateway: { auth, shared } }: Config,
  { log, metrics, machine }: SharingProcess,
): Promise<SharedCounters | undefined> {
  if (!auth.required) return undefined;
  const exchange = shared.redis === undefined ? machine?.exchange : await openRedis(shared.redis, shared.prefix);
  if (exchange === undefined) return undefined;
  let losses = 0;
  const counters = new ExchangedCounters({
    exchange,
    clock: machineClock,
    process: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    assumed: Math.max(shared.processes, machine?.processes ?? 1),
    onChange(connected, reason) {
      if (connected) log.info('the limits of all processes are heard again');
      else {
        losses++;
        log.warn('the limits of other processes are not heard: this one keeps to its share', { reason });
      }
    },
  });
  const one = (value: number) => [{ labels: {}, value }];
  metrics.gauge(
    'weir_shared_limits_up',
    '1 when the processes that share limits and budgets hear one another.',
    [],
    () => one(counters.connected ? 1 : 0),
    'min',
  );
  metrics.gauge(
    'weir_shared_limits_processes',
    'Processes that share limits and budgets.',
    [],
    () => one(counters.processes),
    'max',
  );
  metrics.counter('weir_shared_limits_losses_total', 'Times the other processes could no longer be heard.', [], () =>
    one(losses),
  );
  metrics.counter(
    'weir_shared_limits_shortages_total',
    'Requests that had to ask the other processes for room.',
    [],
    () => one(counters.shortages),
  );
  await counters.exchange();
  return counters;
}

async function openRedis(url: string, prefix: string): Promise<Exchange> {
  const { RedisExchange } = await import('#store/counters/redis-exchange.js');
  return RedisExchange.open({ url, prefix });
}
