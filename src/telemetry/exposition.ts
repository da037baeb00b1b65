import { createRequire } from 'node:module';
import type { Registry } from 'prom-client';
import type { Instrument } from './instruments.js';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/**
 * `prom-client`'s registry, which writes the text format, and nothing else of that package: its entry point loads its own
 * instruments and OpenTelemetry's API, 12 MB that nothing here uses.
 */
export class InstrumentRegistry {
  private readonly instruments = new Map<string, Instrument>();
  private registry: Registry | undefined;

  /** @throws Error when the name is taken: a defect of the caller. */
  add<T extends Instrument>(instrument: T): T {
    if (this.instruments.has(instrument.name)) throw new Error(`There is a metric named ${instrument.name} already`);
    this.instruments.set(instrument.name, instrument);
    this.registry = undefined;
    return instrument;
  }

  async render(): Promise<Exposition> {
    this.registry ??= this.registered();
    return { contentType: this.registry.contentType, body: await this.registry.metrics() };
  }

  private registered(): Registry {
    const load = createRequire(import.meta.url);
    const TextRegistry = load('prom-client/lib/registry.js') as typeof Registry;
    const registry = new TextRegistry();
    for (const instrument of this.instruments.values()) {
      const { name, help, type } = instrument;
      const metric = { name, get: async () => ({ name, help, type, values: instrument.samples() }) };
      registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
    }
    return registry;
  }
}
