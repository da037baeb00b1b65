import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import type { DecisionRecord } from '#contract/record.js';
import { CounterSeries, HistogramSeries, type Printable } from './series.js';

/** A reading of a gauge at the moment it is scraped. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Everything counted, in Prometheus' terms. Names, labels and bounds are told in `docs/metrics.md`. */
export interface Metrics {
  /** Counts a request that has ended. Called exactly once for each record, so that metrics and record agree. */
  observe(record: DecisionRecord): void;
  /** Counts a request that was turned away before it became one: not understood, unknown model, overload. */
  refused(code: string): void;
  /** Counts a reload of the configuration. */
  reloaded(ok: boolean): void;
  /** A gauge that is read when it is scraped. */
  gauge(name: string, help: string, labels: readonly string[], read: () => readonly Reading[]): void;
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const TOKEN_TIME_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1];
const SIGNAL_BUCKETS = [1e-6, 5e-6, 2e-5, 1e-4, 5e-4, 2e-3, 1e-2, 5e-2, 0.2];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
  const register = <M extends Printable>(metric: M): M => {
    // The registry only ever calls `get`, which is all that our own series share with prom-client's metrics.
    registry.registerMetric(metric as unknown as Metric);
    return metric;
  };
  const counter = (name: string, help: string, labels: readonly string[]) =>
    register(new CounterSeries(name, help, labels));
  const histogram = (name: string, help: string, labels: readonly string[], buckets: readonly number[]) =>
    register(new HistogramSeries(name, help, labels, buckets));

  const requests = counter('weir_requests_total', 'Requests that have ended.', ['api', 'decision', 'model', 'status']);
  const refusals = counter('weir_refused_total', 'Requests turned away before any decision, by error code.', ['code']);
  const attempts = counter('weir_attempts_total', 'Attempts on replicas.', ['pool', 'replica', 'status']);
  const tokens = counter('weir_tokens_total', 'Tokens as engines reported them.', ['model', 'kind']);
  const cost = counter('weir_cost_usd_total', 'Money for the tokens, in USD.', ['model']);
  const duration = histogram(
    'weir_request_duration_seconds',
    'Arrival to last byte.',
    ['model', 'status'],
    LATENCY_BUCKETS,
  );
  const ttft = histogram('weir_ttft_seconds', 'Arrival to first byte of the answer.', ['model'], LATENCY_BUCKETS);
  const tpot = histogram('weir_tpot_seconds', 'Time per output token after the first.', ['model'], TOKEN_TIME_BUCKETS);
  const queued = histogram(
    'weir_queue_seconds',
    'Time spent waiting for a place on a replica.',
    ['pool'],
    LATENCY_BUCKETS,
  );
  const signals = counter('weir_signals_total', 'Signals that were read.', ['signal', 'state']);
  const signalTime = histogram('weir_signal_seconds', 'Time to compute a signal.', ['signal'], SIGNAL_BUCKETS);
  const reloads = counter('weir_config_reloads_total', 'Reloads of the configuration.', ['result']);

  return {
    observe(record) {
      const { outcome } = record;
      const { model, status, usage } = outcome;
      requests.add(1, record.api, record.decision, model, status);
      duration.observe(outcome.e2eMs / 1000, model, status);
      if (outcome.ttftMs !== undefined) ttft.observe(outcome.ttftMs / 1000, model);
      if (outcome.tpotMs !== undefined) tpot.observe(outcome.tpotMs / 1000, model);
      if (outcome.pool !== '') queued.observe(outcome.queuedMs / 1000, outcome.pool);
      if (usage !== undefined && model !== '') {
        tokens.add(usage.promptTokens, model, 'prompt');
        tokens.add(usage.cachedTokens, model, 'cached');
        tokens.add(usage.completionTokens, model, 'completion');
      }
      if (outcome.costUsd !== undefined) cost.add(outcome.costUsd, model);
      for (const attempt of record.attempts) attempts.add(1, attempt.pool, attempt.replica, attempt.status);
      for (const signal of record.signals) {
        signals.add(1, signal.name, signal.state);
        signalTime.observe(signal.ms / 1000, signal.name);
      }
    },
    refused(code) {
      refusals.add(1, code);
    },
    reloaded(ok) {
      reloads.add(1, ok ? 'applied' : 'invalid');
    },
    gauge(name, help, labels, read) {
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        collect() {
          this.reset();
          for (const { labels: given, value } of read()) this.set(given, value);
        },
      });
    },
    async render() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
