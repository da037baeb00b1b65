import type { DecisionRecord } from '#contract/record.js';
import { BoundedLabels } from './bounded-labels.js';
import { type Exposition, InstrumentRegistry } from './exposition.js';
import { CounterInstrument, HistogramInstrument, ReadInstrument, type Sample } from './instruments.js';
import { addProcessMetrics } from './process-metrics.js';

/** Reads a metric at scrape time: a value for each combination of labels. */
export type ReadSamples = () => readonly Pick<Sample, 'labels' | 'value'>[];

/** What the gateway counts, for Prometheus. Every metric and label is described in `docs/metrics.md`. */
export interface Metrics {
  /** Counts one finished request; to be called exactly once for every record. Never throws; about 2 µs. */
  observe(record: DecisionRecord): void;
  /** Counts a request that was refused before it could become a record, by its code of the error catalogue. */
  refused(code: string): void;
  /** Counts an attempt to put a changed configuration in force. */
  reloaded(applied: boolean): void;
  /** Adds a metric that is read at every scrape. At most four labels. */
  gauge(name: string, help: string, labels: readonly string[], read: ReadSamples): void;
  /** As {@link Metrics.gauge}, for what only grows. */
  counter(name: string, help: string, labels: readonly string[], read: ReadSamples): void;
  render(): Promise<Exposition>;
}

/** Values a label takes before the rest is `other`. */
const MAX_VALUES = 64;
/** Replicas are many, and one that is missing from the picture hurts more than a large picture. */
const MAX_REPLICAS = 256;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const TOKEN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1];
const SIGNAL_SECONDS = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 1e-4, 1e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export function createMetrics(): Metrics {
  return new GatewayMetrics();
}

class GatewayMetrics implements Metrics {
  private readonly registry = new InstrumentRegistry();
  /** One bound to a label name, so that a value is the same in all metrics, or `other` in all. */
  private readonly bounds = new Map<string, BoundedLabels>();

  private readonly requests = this.count('requests_total', 'Finished requests.', 'api', 'decision', 'model', 'status');
  private readonly refusals = this.count('refused_total', 'Requests refused before routing, by error code.', 'code');
  private readonly attempts = this.count('attempts_total', 'Tries at replicas.', 'pool', 'replica', 'status');
  private readonly tokens = this.count('tokens_total', 'Tokens as engines reported them.', 'model', 'kind');
  private readonly cost = this.count('cost_usd_total', 'Cost by configured prices, in USD.', 'model');
  private readonly states = this.count('signal_total', 'Signals computed, by what they came to.', 'signal', 'state');
  private readonly reloads = this.count('config_reloads_total', 'Changed configurations.', 'result');
  private readonly durations = this.time('request_duration_seconds', 'Arrival to last byte.', SECONDS, 'model');
  private readonly ttft = this.time('ttft_seconds', 'Arrival to first byte of the answer.', SECONDS, 'model');
  private readonly tpot = this.time('tpot_seconds', 'Mean time per token after the first.', TOKEN_SECONDS, 'model');
  private readonly queued = this.time('queue_seconds', 'Time waited for a place in a pool.', SECONDS, 'pool');
  private readonly signals = this.time('signal_seconds', 'Time to compute a signal.', SIGNAL_SECONDS, 'signal');

  constructor() {
    addProcessMetrics(this);
  }

  observe(record: DecisionRecord): void {
    const { outcome, signals, attempts } = record;
    const { model, usage } = outcome;
    this.requests.of(record.api, record.decision, model, outcome.status).value++;
    this.durations.of(model).observe(outcome.e2eMs / 1000);
    if (outcome.ttftMs !== undefined) this.ttft.of(model).observe(outcome.ttftMs / 1000);
    if (outcome.tpotMs !== undefined) this.tpot.of(model).observe(outcome.tpotMs / 1000);
    if (outcome.pool !== '') this.queued.of(outcome.pool).observe(outcome.queuedMs / 1000);
    if (usage !== undefined) {
      this.tokens.of(model, 'prompt').value += usage.promptTokens;
      this.tokens.of(model, 'completion').value += usage.completionTokens;
      this.tokens.of(model, 'cached').value += usage.cachedTokens;
    }
    if (outcome.costUsd !== undefined) this.cost.of(model).value += outcome.costUsd;
    for (let i = 0; i < attempts.length; i++) {
      const { pool, replica, status } = attempts[i]!;
      this.attempts.of(pool, replica, status).value++;
    }
    for (let i = 0; i < signals.length; i++) {
      const { name, state, ms } = signals[i]!;
      this.states.of(name, state).value++;
      this.signals.of(name).observe(ms / 1000);
    }
  }

  refused(code: string): void {
    this.refusals.of(code).value++;
  }

  reloaded(applied: boolean): void {
    this.reloads.of(applied ? 'applied' : 'refused').value++;
  }

  gauge(name: string, help: string, labels: readonly string[], read: ReadSamples): void {
    this.registry.add(new ReadInstrument(name, help, 'gauge', labels, this.bounded(labels), read));
  }

  counter(name: string, help: string, labels: readonly string[], read: ReadSamples): void {
    this.registry.add(new ReadInstrument(name, help, 'counter', labels, this.bounded(labels), read));
  }

  render(): Promise<Exposition> {
    return this.registry.render();
  }

  private count(name: string, help: string, ...labels: string[]) {
    const bounds = this.bounded(labels);
    return this.registry.add(new CounterInstrument({ name: `weir_${name}`, help, labels, bounds })).series;
  }

  private time(name: string, help: string, upper: readonly number[], ...labels: string[]) {
    const bounds = this.bounded(labels);
    return this.registry.add(new HistogramInstrument({ name: `weir_${name}`, help, labels, bounds, upper })).series;
  }

  private bounded(labels: readonly string[]): ReadonlyMap<string, BoundedLabels> {
    for (const label of labels) {
      if (!this.bounds.has(label)) this.bounds.set(label, new BoundedLabels(label === 'replica' ? MAX_REPLICAS : MAX_VALUES));
    }
    return this.bounds;
  }
}
