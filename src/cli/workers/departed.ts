import type { MetricsSnapshot } from '#telemetry/exposition.js';

/**
 * What processes that have ended had counted: counters must never go back, or rates would count all before anew. Kept as one
 * snapshot however many processes have come and gone.
 */
export class Departed {
  private sums = new Map<string, MetricsSnapshot[number]>();

  get snapshot(): MetricsSnapshot {
    return [...this.sums.values()];
  }

  /** Adds the counters and histograms of a process that is no more. */
  add(snapshot: MetricsSnapshot): void {
    for (const metric of snapshot) {
      if (metric.type !== 'counter' && metric.type !== 'histogram') continue;
      const before = this.sums.get(metric.name);
      if (before === undefined) {
        this.sums.set(metric.name, structuredClone(metric));
        continue;
      }
      const known = new Map(before.values.map(sample => [keyOf(sample), sample]));
      const values = metric.values.map(sample => {
        const old = known.get(keyOf(sample));
        known.delete(keyOf(sample));
        return { ...sample, value: sample.value + (old?.value ?? 0) };
      });
      this.sums.set(metric.name, { ...before, values: [...values, ...known.values()] });
    }
  }
}

function keyOf({ metricName, labels }: MetricsSnapshot[number]['values'][number]): string {
  return JSON.stringify([metricName, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
