import { createRequire } from 'node:module';
import type { AggregatorRegistry, Metric, Registry } from 'prom-client';
import { WeirError } from '#contract/errors.js';
import type { Printable } from './series.js';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** All metrics of one process, as they cross to another. */
export type MetricsSnapshot = readonly Awaited<ReturnType<Printable['get']>>[];

/** The metrics of several processes as those of one: each series summed, or its least or greatest value where it says so. */
export async function together(snapshots: readonly MetricsSnapshot[]): Promise<Exposition> {
  const load = createRequire(import.meta.url);
  const { aggregate } = load('prom-client/lib/cluster.js') as typeof AggregatorRegistry;
  const registry = aggregate(snapshots as object[]);
  return { contentType: registry.contentType, body: await registry.metrics() };
}

/**
 * `prom-client`'s registry, which writes the text format, and nothing else of that package: its entry point loads its own
 * metrics and OpenTelemetry's API, 12 MB that nothing here uses.
 */
export class Printer {
  private readonly metrics = new Map<string, Printable>();
  private registry: Registry | undefined;

  /** @throws WeirError `internal.defect` when the name is taken. */
  add<T extends Printable>(metric: T): T {
    if (this.metrics.has(metric.name)) {
      throw new WeirError('internal.defect', `There is a metric named ${metric.name} already`);
    }
    this.metrics.set(metric.name, metric);
    this.registry = undefined;
    return metric;
  }

  async render(): Promise<Exposition> {
    this.registry ??= this.registered();
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  async snapshot(): Promise<MetricsSnapshot> {
    return Promise.all([...this.metrics.values()].map(metric => metric.get()));
  }

  private registered(): Registry {
    const load = createRequire(import.meta.url);
    const TextRegistry = load('prom-client/lib/registry.js') as typeof Registry;
    const registry = new TextRegistry();
    // The registry only ever calls `get`, which is all that our own series share with prom-client's metrics.
    for (const metric of this.metrics.values()) registry.registerMetric(metric as unknown as Metric);
    return registry;
  }
}
