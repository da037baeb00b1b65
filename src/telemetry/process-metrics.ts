import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.js';

const LAG_RESOLUTION_MS = 20;

/** What the process itself uses, by the names that dashboards know, and how late its event loop runs. Read at scrapes only. */
export function addProcessMetrics(metrics: Metrics): void {
  const one = (value: number) => [{ labels: {}, value }];
  const startedAt = Date.now() / 1000 - process.uptime();
  metrics.gauge('process_start_time_seconds', 'Start of the process, in Unix time.', [], () => one(startedAt));
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', [], () =>
    one(process.memoryUsage.rss()),
  );
  metrics.counter('process_cpu_seconds_total', 'CPU time of all threads, user and system.', [], () => {
    const { user, system } = process.cpuUsage();
    return one((user + system) / 1e6);
  });
  metrics.gauge('nodejs_heap_bytes', 'JavaScript heap and what it holds outside of itself.', ['kind'], () => {
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    return [
      { labels: { kind: 'used' }, value: heapUsed },
      { labels: { kind: 'total' }, value: heapTotal },
      { labels: { kind: 'external' }, value: external },
    ];
  });
  let lag: IntervalHistogram | undefined;
  const late = (of: (measured: IntervalHistogram) => number) => () => {
    if (lag === undefined) {
      lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
      lag.enable();
    }
    return lag.count === 0 ? [] : one(Math.max(0, of(lag) / 1e9 - LAG_RESOLUTION_MS / 1e3));
  };
  const lags: readonly (readonly [string, (measured: IntervalHistogram) => number])[] = [
    ['p50', measured => measured.percentile(50)],
    ['p99', measured => measured.percentile(99)],
    ['max', measured => measured.max],
  ];
  for (const [name, of] of lags) {
    metrics.gauge(
      `nodejs_eventloop_lag_${name}_seconds`,
      `How late timers ran since the first scrape (${name}).`,
      [],
      late(of),
    );
  }
}
