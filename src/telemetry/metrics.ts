import type { Usage } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Usd } from '#contract/units.js';
import { type Exposition, type MetricsSnapshot, Printer } from './exposition.js';
import { LabelBound } from './label-bound.js';
import { addProcessMetrics } from './process-metrics.js';
import { type Across, CounterSeries, HistogramSeries, ReadSeries } from './series.js';
import type { LabelBounds } from './series-tree.js';

/** A reading of a gauge at the moment it is scraped. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What the gateway counts, for Prometheus. Every metric and label is described in `docs/metrics.md`. */
export interface Metrics {
  /** Counts one finished request; to be called exactly once for every record. Never throws; about 2 µs. */
  observe(record: DecisionRecord): void;
  /** Counts a request that was refused before it could become a record, by its code of the error catalogue. */
  refused(code: string): void;
  /** Counts an attempt to put a changed configuration in force. */
  reloaded(applied: boolean): void;
  /** A prompt that was to be compressed was, or went on whole. */
  compressed(model: string, done: boolean): void;
  /** Adds a metric that is read at every scrape. At most four labels. Several processes are told as one by `across`; `sum` unless said. */
  gauge(name: string, help: string, labels: readonly string[], read: () => readonly Reading[], across?: Across): void;
  /** As {@link Metrics.gauge}, for what only grows. */
  counter(name: string, help: string, labels: readonly string[], read: () => readonly Reading[]): void;
  render(): Promise<Exposition>;
  /** The same as plain data, to be put together with that of other processes by {@link together}. */
  snapshot(): Promise<MetricsSnapshot>;
}

/** Replicas are many, and one that is missing from the picture hurts more than a large picture. */
const MOST_REPLICAS = 256;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const TOKEN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1];
const SIGNAL_SECONDS = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 1e-4, 1e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export function createMetrics(): Metrics {
  return new GatewayMetrics();
}

class GatewayMetrics implements Metrics {
  private readonly printer = new Printer();
  private readonly bounds: LabelBounds = new Map([['replica', new LabelBound(MOST_REPLICAS)]]);

  private readonly requests = this.count('requests_total', 'Finished requests.', 'api', 'decision', 'model', 'status');
  private readonly kinds = this.count(
    'workload_requests_total',
    'Finished requests, by who asks and what takes the time.',
    'archetype',
    'heaviness',
  );
  private readonly refusals = this.count('refused_total', 'Requests refused before routing, by error code.', 'code');
  private readonly prefills = this.count(
    'prefills_total',
    'Prompts that were to be computed on another replica than the answer, by what came of it.',
    'pool',
    'replica',
    'status',
  );
  private readonly attempts = this.count('attempts_total', 'Tries at replicas.', 'pool', 'replica', 'status');
  private readonly tokens = this.count('tokens_total', 'Tokens as engines reported them.', 'model', 'kind');
  private readonly cost = this.count('cost_usd_total', 'Cost by configured prices, in USD.', 'model');
  private readonly states = this.count('signals_total', 'Signals computed, by what they came to.', 'signal', 'state');
  private readonly tiers = this.count('signal_tiers_total', 'Learned signals, by what they are by.', 'signal', 'tier');
  private readonly safety = this.count('safety_total', 'Safety findings, by what was done.', 'rule', 'action');
  private readonly verdicts = this.count(
    'answer_verdicts_total',
    'Answers, by what guards said of them.',
    'guard',
    'verdict',
  );
  private readonly judged = this.count(
    'cascade_answers_total',
    'Answers that were held back and judged, by what became of them.',
    'decision',
    'model',
    'end',
  );
  private readonly compressions = this.count(
    'prompt_compressions_total',
    'Prompts a little too long for a window, by what became of them.',
    'model',
    'result',
  );
  private readonly reloads = this.count('config_reloads_total', 'Changed configurations.', 'result');
  private readonly durations = this.time(
    'request_duration_seconds',
    'Arrival to last byte.',
    SECONDS,
    'model',
    'status',
  );
  private readonly ttft = this.time('ttft_seconds', 'Arrival to first byte of the answer.', SECONDS, 'model');
  private readonly tpot = this.time('tpot_seconds', 'Mean time per token after the first.', TOKEN_SECONDS, 'model');
  private readonly queued = this.time('queue_seconds', 'Time waited for a place in a pool.', SECONDS, 'pool');
  private readonly signals = this.time('signal_seconds', 'Time to compute a signal.', SIGNAL_SECONDS, 'signal');

  constructor() {
    addProcessMetrics(this);
  }

  observe(record: DecisionRecord): void {
    const { outcome, signals, attempts } = record;
    const { model, status, usage } = outcome;
    this.requests.add(1, record.api, record.decision, model, status);
    this.kinds.add(1, record.profile.archetype, record.profile.heaviness);
    this.durations.observe(outcome.e2eMs / 1000, model, status);
    if (outcome.ttftMs !== undefined) this.ttft.observe(outcome.ttftMs / 1000, model);
    if (outcome.tpotMs !== undefined) this.tpot.observe(outcome.tpotMs / 1000, model);
    if (outcome.pool !== '') this.queued.observe(outcome.queuedMs / 1000, outcome.pool);
    if (usage !== undefined && model !== '') {
      this.use(model, usage);
    }
    for (const guard in record.verdicts) this.verdicts.add(1, guard, record.verdicts[guard]!);
    let elsewhere = 0;
    for (let i = 0; i < attempts.length; i++) {
      const attempt = attempts[i]!;
      this.attempts.add(1, attempt.pool, attempt.replica, attempt.status);
      const { prefill } = attempt;
      if (prefill !== undefined) this.prefills.add(1, prefill.pool, prefill.replica, prefill.status);
      if (attempt.judged !== undefined) this.judged.add(1, record.decision, attempt.model, attempt.judged.end);
      if (attempt.usage !== undefined) this.superseded(attempt.model, attempt.usage, attempt.costUsd ?? 0);
      elsewhere += attempt.costUsd ?? 0;
    }
    if (outcome.costUsd !== undefined) this.cost.add(outcome.costUsd - elsewhere, model);
    if (record.safety !== undefined) for (const { rule, action } of record.safety) this.safety.add(1, rule, action);
    for (let i = 0; i < signals.length; i++) {
      const { name, state, ms, tier } = signals[i]!;
      this.states.add(1, name, state);
      this.signals.observe(ms / 1000, name);
      if (tier !== undefined) this.tiers.add(1, name, tier);
    }
  }

  /** An answer that did not go to the client. */
  private superseded(model: string, usage: Usage, costUsd: Usd): void {
    this.use(model, usage);
    this.cost.add(costUsd, model);
  }

  private use(model: string, { promptTokens, completionTokens, cachedTokens }: Usage): void {
    this.tokens.add(promptTokens, model, 'prompt');
    this.tokens.add(completionTokens, model, 'completion');
    this.tokens.add(cachedTokens, model, 'cached');
  }

  refused(code: string): void {
    this.refusals.add(1, code);
  }

  compressed(model: string, done: boolean): void {
    this.compressions.add(1, model, done ? 'compressed' : 'whole');
  }

  reloaded(applied: boolean): void {
    this.reloads.add(1, applied ? 'applied' : 'invalid');
  }

  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => readonly Reading[],
    across: Across = 'sum',
  ): void {
    this.printer.add(new ReadSeries(name, help, 'gauge', labels, read, this.bounds, across));
  }

  counter(name: string, help: string, labels: readonly string[], read: () => readonly Reading[]): void {
    this.printer.add(new ReadSeries(name, help, 'counter', labels, read, this.bounds));
  }

  render(): Promise<Exposition> {
    return this.printer.render();
  }

  snapshot(): Promise<MetricsSnapshot> {
    return this.printer.snapshot();
  }

  private count(name: string, help: string, ...labels: string[]): CounterSeries {
    return this.printer.add(new CounterSeries(`weir_${name}`, help, labels, this.bounds));
  }

  private time(name: string, help: string, buckets: readonly number[], ...labels: string[]): HistogramSeries {
    return this.printer.add(new HistogramSeries(`weir_${name}`, help, labels, buckets, this.bounds));
  }
}
