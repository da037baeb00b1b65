import type { Clock } from '#contract/clock.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';
import type { Tracer } from '#telemetry/tracing.js';
import type { TelemetryConfig } from './schema.js';
import { otelSettings } from './settings.js';

/** OpenTelemetry at work. */
export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is left to be sent. */
  close(): Promise<void>;
}

export interface TelemetryPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Begins to export, if a receiver is named; without one not even the code for it is loaded. */
export async function openTelemetry(config: TelemetryConfig, ports: TelemetryPorts): Promise<Telemetry | undefined> {
  const settings = otelSettings(config, ports.env);
  if (settings === undefined) return undefined;
  for (const doubt of settings.doubts) ports.log.warn('a telemetry variable is not followed', { doubt });
  const { Exporter } = await import('./exporter.js');
  return new Exporter(settings, ports);
}
