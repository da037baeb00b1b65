import {
  constants,
  type IntervalHistogram,
  monitorEventLoopDelay,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import type { Milliseconds } from '#contract/units.js';
import type { Metrics } from './metrics.js';

const LAG_RESOLUTION_MS = 20;
/** Lag is told over windows of about this length: since the start, one bad moment would stand for weeks. */
const LAG_WINDOW_MS = 10_000;

/** What the process itself uses, by the names that dashboards know, and how late its event loop runs. */
export function addProcessMetrics(metrics: Metrics): void {
  const startedAt = Date.now() / 1000 - process.uptime();
  metrics.gauge('process_start_time_seconds', 'Start of the process, in Unix time.', [], () => one(startedAt), 'min');
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
  metrics.counter(
    'nodejs_eventloop_active_seconds_total',
    'Time the event loop was busy; 1 s a second is all.',
    [],
    () => one(performance.eventLoopUtilization().active / 1e3),
  );
  addLag(metrics);
  addCollections(metrics);
}

function one(value: number): readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[] {
  return [{ labels: {}, value }];
}

/** Starts to measure at the first scrape: a gateway that nobody scrapes has no timer for it. */
function addLag(metrics: Metrics): void {
  const quantiles = ['p50', 'p99', 'max'] as const;
  let lag: IntervalHistogram | undefined;
  let since = 0;
  let told: Readonly<Record<(typeof quantiles)[number], number>> | undefined;
  const read = () => {
    const now = performance.now();
    if (lag === undefined) {
      lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
      lag.enable();
      since = now;
    } else if (lag.count > 0 && (told === undefined || now - since >= LAG_WINDOW_MS)) {
      const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - LAG_RESOLUTION_MS / 1e3);
      told = { p50: late(lag.percentile(50)), p99: late(lag.percentile(99)), max: late(lag.max) };
      lag.reset();
      since = now;
    }
    return told;
  };
  for (const quantile of quantiles) {
    metrics.gauge(
      `nodejs_eventloop_lag_${quantile}_seconds`,
      `How late timers ran in the last window of 10 s or between scrapes (${quantile}).`,
      [],
      () => {
        const lags = read();
        return lags === undefined ? [] : one(lags[quantile]);
      },
      'max',
    );
  }
}

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak_callbacks',
};

/** An entry of the observer; Node's types leave `detail` out. */
interface Collection {
  readonly duration: Milliseconds;
  readonly detail: { readonly kind: number };
}

/** Garbage collections, counted from the first scrape on: an observer costs something at each. */
function addCollections(metrics: Metrics): void {
  const seen = new Map<string, { count: number; seconds: number }>();
  let watching = false;
  const read = (of: 'count' | 'seconds') => () => {
    if (!watching) {
      watching = true;
      new PerformanceObserver(list => {
        for (const entry of list.getEntries() as unknown as readonly Collection[]) {
          const kind = COLLECTIONS[entry.detail.kind] ?? 'other';
          const sum = seen.get(kind) ?? { count: 0, seconds: 0 };
          seen.set(kind, sum);
          sum.count++;
          sum.seconds += entry.duration / 1e3;
        }
      }).observe({ entryTypes: ['gc'] });
    }
    return [...seen].map(([kind, sum]) => ({ labels: { kind }, value: sum[of] }));
  };
  metrics.counter('nodejs_gc_total', 'Garbage collections since the first scrape.', ['kind'], read('count'));
  metrics.counter(
    'nodejs_gc_seconds_total',
    'Time in garbage collection since the first scrape.',
    ['kind'],
    read('seconds'),
  );
}
