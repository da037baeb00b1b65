import { LabelBound } from './label-bound.js';

/** A sample as prom-client's registry prints it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** What prom-client's registry asks of a metric. */
export interface Printable {
  readonly name: string;
  get(): Promise<{ name: string; help: string; type: string; values: Sample[]; aggregator: string }>;
}

const SEPARATOR = '\u0001';

/**
 * The series of one metric by label values. Counting is a map look-up and an addition, with no object made for a series that
 * exists: prom-client, which hashes a label object at every count, only prints.
 */
abstract class SeriesOf<State> implements Printable {
  protected readonly states = new Map<string, State>();
  private readonly bounds: readonly LabelBound[];

  constructor(
    readonly name: string,
    protected readonly help: string,
    protected readonly labels: readonly string[],
  ) {
    this.bounds = labels.map(() => new LabelBound());
  }

  /** The state of the series with these label values, in the order of the labels. */
  protected at(a: string, b: string, c: string, d: string): State {
    const key = a + SEPARATOR + b + SEPARATOR + c + SEPARATOR + d;
    const known = this.states.get(key);
    if (known !== undefined) return known;
    const given = [a, b, c, d];
    const bounded = given.map((value, at) => this.bounds[at]?.of(value) ?? '');
    const shortened = bounded.join(SEPARATOR);
    const state = this.states.get(shortened) ?? this.fresh();
    this.states.set(shortened, state);
    return state;
  }

  protected labelsOf(key: string): Record<string, string> {
    const values = key.split(SEPARATOR);
    return Object.fromEntries(this.labels.map((label, at) => [label, values[at] ?? '']));
  }

  protected abstract fresh(): State;
  protected abstract readonly type: string;
  protected abstract samples(): Sample[];

  get(): ReturnType<Printable['get']> {
    return Promise.resolve({
      name: this.name,
      help: this.help,
      type: this.type,
      values: this.samples(),
      aggregator: 'sum',
    });
  }
}

/** A counter with up to four labels. */
export class CounterSeries extends SeriesOf<{ value: number }> {
  protected readonly type = 'counter';

  add(value: number, a = '', b = '', c = '', d = ''): void {
    this.at(a, b, c, d).value += value;
  }

  protected fresh(): { value: number } {
    return { value: 0 };
  }

  protected samples(): Sample[] {
    return [...this.states].map(([key, { value }]) => ({ labels: this.labelsOf(key), value }));
  }
}

interface Distribution {
  readonly counts: Float64Array;
  sum: number;
  count: number;
}

/** A histogram with up to four labels. Buckets are upper bounds, ascending. */
export class HistogramSeries extends SeriesOf<Distribution> {
  protected readonly type = 'histogram';

  constructor(
    name: string,
    help: string,
    labels: readonly string[],
    private readonly buckets: readonly number[],
  ) {
    super(name, help, labels);
  }

  observe(value: number, a = '', b = '', c = '', d = ''): void {
    const state = this.at(a, b, c, d);
    state.sum += value;
    state.count++;
    const { buckets } = this;
    let at = 0;
    while (at < buckets.length && value > buckets[at]!) at++;
    if (at < buckets.length) state.counts[at]!++;
  }

  protected fresh(): Distribution {
    return { counts: new Float64Array(this.buckets.length), sum: 0, count: 0 };
  }

  protected samples(): Sample[] {
    const samples: Sample[] = [];
    for (const [key, { counts, sum, count }] of this.states) {
      const labels = this.labelsOf(key);
      let below = 0;
      this.buckets.forEach((le, at) => {
        below += counts[at] ?? 0;
        samples.push({ labels: { le, ...labels }, value: below, metricName: `${this.name}_bucket` });
      });
      samples.push({ labels: { le: '+Inf', ...labels }, value: count, metricName: `${this.name}_bucket` });
      samples.push({ labels, value: sum, metricName: `${this.name}_sum` });
      samples.push({ labels, value: count, metricName: `${this.name}_count` });
    }
    return samples;
  }
}
