import { createRequire } from 'node:module';
import type { Metric, Registry } from 'prom-client';
import { WeirError } from '#contract/errors.js';
import type { Printable } from './series.js';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
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

  private registered(): Registry {
    const load = createRequire(import.meta.url);
    const TextRegistry = load('prom-client/lib/registry.js') as typeof Registry;
    const registry = new TextRegistry();
    // The registry only ever calls `get`, which is all that our own series share with prom-client's metrics.
    for (const metric of this.metrics.values()) registry.registerMetric(metric as unknown as Metric);
    return registry;
  }
}
