import { type LabelBounds, SeriesTree } from './series-tree.js';

/** A sample as prom-client's registry prints it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own: the parts of a histogram. */
  readonly metricName?: string;
}

/** How the values that several processes give for one series become one. */
export type Across = 'sum' | 'min' | 'max';

/** What prom-client's registry asks of a metric, at every scrape. */
export interface Printable {
  readonly name: string;
  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: Across }>;
}

/**
 * A metric of our own. Counting is a few map look-ups and an addition: prom-client, which hashes a label object at every count, a
 * microsecond each and thirty of them a request, only prints.
 */
abstract class Metric implements Printable {
  protected abstract readonly type: 'counter' | 'gauge' | 'histogram';

  constructor(
    readonly name: string,
    protected readonly help: string,
    private readonly across: Across = 'sum',
  ) {}

  protected abstract samples(): Sample[];

  get(): ReturnType<Printable['get']> {
    const { name, help, type, across } = this;
    return Promise.resolve({ name, help, type, values: this.samples(), aggregator: across });
  }
}

/** A counter with up to four labels. */
export class CounterSeries extends Metric {
  protected readonly type = 'counter';
  private readonly tree: SeriesTree<{ value: number }>;

  constructor(name: string, help: string, labels: readonly string[], bounds: LabelBounds = new Map()) {
    super(name, help);
    this.tree = new SeriesTree(labels, bounds, () => ({ value: 0 }));
  }

  add(value: number, a = '', b = '', c = '', d = ''): void {
    this.tree.of(a, b, c, d).value += value;
  }

  protected samples(): Sample[] {
    return this.tree.all().map(({ labels, leaf }) => ({ labels, value: leaf.value }));
  }
}

/** What one series of a histogram has counted. */
export interface Distribution {
  /** One more than there are upper bounds: the last counts what is above all. */
  readonly counts: Float64Array;
  sum: number;
}

/** A histogram with up to four labels. Buckets are upper bounds, ascending. */
export class HistogramSeries extends Metric {
  protected readonly type = 'histogram';
  private readonly tree: SeriesTree<Distribution>;

  constructor(
    name: string,
    help: string,
    labels: readonly string[],
    readonly buckets: readonly number[],
    bounds: LabelBounds = new Map(),
  ) {
    super(name, help);
    this.tree = new SeriesTree(labels, bounds, () => ({ counts: new Float64Array(buckets.length + 1), sum: 0 }));
  }

  observe(value: number, a = '', b = '', c = '', d = ''): void {
    const { buckets } = this;
    const distribution = this.tree.of(a, b, c, d);
    let at = 0;
    while (at < buckets.length && value > buckets[at]!) at++;
    distribution.counts[at]! += 1;
    distribution.sum += value;
  }

  /** Its series as they are. */
  distributions(): readonly ({ readonly labels: Readonly<Record<string, string>> } & Readonly<Distribution>)[] {
    return this.tree.all().map(({ labels, leaf }) => ({ labels, ...leaf }));
  }

  protected samples(): Sample[] {
    const samples: Sample[] = [];
    for (const { labels, leaf } of this.tree.all()) {
      let below = 0;
      leaf.counts.forEach((count, at) => {
        below += count;
        samples.push({
          metricName: `${this.name}_bucket`,
          labels: { le: this.buckets[at] ?? '+Inf', ...labels },
          value: below,
        });
      });
      samples.push({ metricName: `${this.name}_sum`, labels, value: leaf.sum });
      samples.push({ metricName: `${this.name}_count`, labels, value: below });
    }
    return samples;
  }
}

/** A metric that is read where it lives, when it is scraped. Values that fall together under a bounded label are added up. */
export class ReadSeries extends Metric {
  constructor(
    name: string,
    help: string,
    protected readonly type: 'counter' | 'gauge',
    private readonly labels: readonly string[],
    private readonly read: () => readonly Sample[],
    private readonly bounds: LabelBounds = new Map(),
    across: Across = 'sum',
  ) {
    super(name, help, across);
  }

  protected samples(): Sample[] {
    const sums = new SeriesTree(this.labels, this.bounds, () => ({ value: 0 }));
    for (const { labels, value } of this.read()) {
      const [a, b, c, d] = this.labels.map(name => String(labels[name] ?? ''));
      sums.of(a, b, c, d).value += value;
    }
    return sums.all().map(({ labels, leaf }) => ({ labels, value: leaf.value }));
  }
}
