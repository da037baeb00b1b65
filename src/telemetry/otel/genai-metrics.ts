import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds } from '#contract/units.js';
import { NONE } from '#telemetry/label-bound.js';
import { HistogramSeries } from '#telemetry/series.js';
import type { LabelBounds } from '#telemetry/series-tree.js';
import { operationOf, providerOf } from './api-names.js';
import { attributes, nanoseconds } from './otlp.js';

/** Bucket bounds that the GenAI conventions advise. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_SECONDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const NEXT_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

/** Where one label of ours stands for attributes of the conventions. */
type Label = 'api' | 'asked' | 'model' | 'error' | 'token';

const CUMULATIVE = 2;

interface Instrument {
  readonly series: HistogramSeries;
  readonly unit: string;
}

/** The GenAI metrics of requests: as a server towards callers, as a client towards engines. Labels are bounded like all others. */
export class GenAiMetrics {
  private readonly bounds: LabelBounds = new Map();
  private readonly instruments: Instrument[] = [];

  private readonly tokens = this.add('client.token.usage', '{token}', TOKENS, 'api', 'asked', 'model', 'token');
  private readonly calls = this.add('client.operation.duration', 's', SECONDS, 'api', 'asked', 'model', 'error');
  private readonly firsts = this.add(
    'client.operation.time_to_first_chunk',
    's',
    FIRST_SECONDS,
    'api',
    'asked',
    'model',
  );
  private readonly served = this.add('server.request.duration', 's', SECONDS, 'api', 'asked', 'model', 'error');
  private readonly ttft = this.add('server.time_to_first_token', 's', FIRST_SECONDS, 'api', 'asked', 'model');
  private readonly tpot = this.add('server.time_per_output_token', 's', NEXT_SECONDS, 'api', 'asked', 'model');

  constructor(private readonly startedAt: Milliseconds) {}

  observe(record: DecisionRecord): void {
    const { api, modelAsked: asked, outcome, attempts } = record;
    const { model, usage, error = '' } = outcome;
    this.served.observe(outcome.e2eMs / 1000, api, asked, model, error);
    if (outcome.ttftMs !== undefined) this.ttft.observe(outcome.ttftMs / 1000, api, asked, model);
    if (outcome.tpotMs !== undefined) this.tpot.observe(outcome.tpotMs / 1000, api, asked, model);
    if (usage !== undefined && model !== '') {
      this.tokens.observe(usage.promptTokens, api, asked, model, 'input');
      this.tokens.observe(usage.completionTokens, api, asked, model, 'output');
    }
    for (const attempt of attempts) {
      this.calls.observe(attempt.durationMs / 1000, api, asked, attempt.model, attempt.error ?? '');
      if (attempt.ttftMs !== undefined) this.firsts.observe(attempt.ttftMs / 1000, api, asked, attempt.model);
    }
  }

  /** All of them in OTLP's form, cumulative since the start. */
  collect(now: Milliseconds): object[] {
    const startTimeUnixNano = nanoseconds(this.startedAt);
    const timeUnixNano = nanoseconds(now);
    return this.instruments.flatMap(({ series, unit }) => {
      const dataPoints = series.distributions().map(({ labels, counts, sum }) => ({
        attributes: attributes(conventional(labels as Partial<Record<Label, string>>)),
        startTimeUnixNano,
        timeUnixNano,
        count: String(counts.reduce((total, count) => total + count, 0)),
        sum,
        bucketCounts: [...counts].map(String),
        explicitBounds: series.buckets,
      }));
      if (dataPoints.length === 0) return [];
      return [{ name: series.name, unit, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } }];
    });
  }

  private add(name: string, unit: string, buckets: readonly number[], ...labels: Label[]): HistogramSeries {
    const series = new HistogramSeries(`gen_ai.${name}`, '', labels, buckets, this.bounds);
    this.instruments.push({ series, unit });
    return series;
  }
}

function conventional({ api = '', asked, model, error, token }: Partial<Record<Label, string>>) {
  const present = (value: string | undefined): string | undefined => (value === NONE ? undefined : value);
  return {
    'gen_ai.operation.name': operationOf(api),
    'gen_ai.provider.name': providerOf(api),
    'gen_ai.original.model': present(asked),
    'gen_ai.request.model': present(model) ?? present(asked),
    'gen_ai.response.model': present(model),
    'gen_ai.token.type': token,
    'error.type': present(error),
  };
}
