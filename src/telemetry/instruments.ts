import type { BoundedLabels } from './bounded-labels.js';
import { Series } from './series.js';

/** A value as a scrape shows it. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Where it is not the metric's own: the parts of a histogram. */
  readonly metricName?: string;
}

/** A metric as `prom-client`'s registry takes it: asked for its values at every scrape. */
export interface Instrument {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  samples(): readonly Sample[];
}

export interface InstrumentOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly bounds: ReadonlyMap<string, BoundedLabels>;
}

/** A number that only grows. */
export class Count {
  value = 0;
}

/**
 * Counters and histograms that cost a few map look-ups and an addition: `prom-client`'s own hash an object of labels on every
 * call, a microsecond each, and a request makes thirty.
 */
export class CounterInstrument implements Instrument {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly series: Series<Count>;

  constructor(options: InstrumentOptions) {
    this.name = options.name;
    this.help = options.help;
    this.series = new Series(options.labels, options.bounds, () => new Count());
  }

  samples(): readonly Sample[] {
    return this.series.all().map(({ labels, leaf }) => ({ labels, value: leaf.value }));
  }
}

/** Counts by bucket, and the sum. */
export class Buckets {
  /** One more than there are bounds: the last holds what is above all. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(readonly upper: readonly number[]) {
    this.counts = new Float64Array(upper.length + 1);
  }

  observe(value: number): void {
    const { upper } = this;
    let bucket = 0;
    while (bucket < upper.length && value > upper[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sum += value;
  }
}

export class HistogramInstrument implements Instrument {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly series: Series<Buckets>;

  constructor(options: InstrumentOptions & { readonly upper: readonly number[] }) {
    this.name = options.name;
    this.help = options.help;
    this.series = new Series(options.labels, options.bounds, () => new Buckets(options.upper));
  }

  samples(): readonly Sample[] {
    const samples: Sample[] = [];
    for (const { labels, leaf } of this.series.all()) {
      let total = 0;
      leaf.counts.forEach((count, i) => {
        total += count;
        const le = leaf.upper[i] ?? '+Inf';
        samples.push({ metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: total });
      });
      samples.push({ metricName: `${this.name}_sum`, labels, value: leaf.sum });
      samples.push({ metricName: `${this.name}_count`, labels, value: total });
    }
    return samples;
  }
}

/** A metric that is read where it lives, at scrape time. Values that fall together under a bounded label are added up. */
export class ReadInstrument implements Instrument {
  constructor(
    readonly name: string,
    readonly help: string,
    readonly type: 'counter' | 'gauge',
    private readonly labels: readonly string[],
    private readonly bounds: ReadonlyMap<string, BoundedLabels>,
    private readonly read: () => readonly Sample[],
  ) {}

  samples(): readonly Sample[] {
    const sums = new Series(this.labels, this.bounds, () => new Count());
    for (const { labels, value } of this.read()) {
      const [a, b, c, d] = this.labels.map(name => String(labels[name] ?? ''));
      sums.of(a, b, c, d).value += value;
    }
    return sums.all().map(({ labels, leaf }) => ({ labels, value: leaf.value }));
  }
}
