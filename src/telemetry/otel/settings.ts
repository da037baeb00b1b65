import type { Milliseconds } from '#contract/units.js';
import type { TelemetryConfig } from './schema.js';

export interface Receiver {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is exported, and to where. */
export interface OtelSettings {
  readonly traces: Receiver | undefined;
  readonly metrics: Receiver | undefined;
  readonly resource: Readonly<Record<string, string>>;
  /** Share of requests that are traced where nobody has decided yet. */
  readonly sample: number;
  /** Whether the caller's own decision goes before the share. */
  readonly followParent: boolean;
  readonly intervalMs: Milliseconds;
  readonly prompts: boolean;
  /** Variables that ask for what this exporter does not do. */
  readonly doubts: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The configuration's settings and OpenTelemetry's standard variables together; what the file says goes before the variables.
 *
 * @returns nothing when no receiver is named, or `OTEL_SDK_DISABLED` is `true`.
 */
export function otelSettings(config: TelemetryConfig, env: Env): OtelSettings | undefined {
  const has = (name: string): string | undefined => (env[name]?.trim() === '' ? undefined : env[name]?.trim());
  if (has('OTEL_SDK_DISABLED') === 'true') return undefined;
  const common = parsePairs(has('OTEL_EXPORTER_OTLP_HEADERS'));
  const receiver = (signal: 'traces' | 'metrics'): Receiver | undefined => {
    const upper = signal.toUpperCase();
    if (!config[signal] || has(`OTEL_${upper}_EXPORTER`) === 'none') return undefined;
    const base = config.endpoint ?? has('OTEL_EXPORTER_OTLP_ENDPOINT');
    const own = config.endpoint === undefined ? has(`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`) : undefined;
    const url = own ?? (base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/${signal}`);
    if (url === undefined || !URL.canParse(url)) return undefined;
    return {
      url,
      headers: { ...common, ...parsePairs(has(`OTEL_EXPORTER_OTLP_${upper}_HEADERS`)), ...config.headers },
    };
  };
  const traces = receiver('traces');
  const metrics = receiver('metrics');
  if (traces === undefined && metrics === undefined) return undefined;

  const sampler = has('OTEL_TRACES_SAMPLER');
  const share = Number(has('OTEL_TRACES_SAMPLER_ARG') ?? '1');
  const bySampler = sampler?.endsWith('always_off') ? 0 : sampler?.endsWith('traceidratio') ? share : 1;
  const service = config.service === 'weir' ? has('OTEL_SERVICE_NAME') : undefined;
  const interval = Number(has('OTEL_METRIC_EXPORT_INTERVAL'));
  const doubts: string[] = [];
  for (const name of [
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL',
  ]) {
    const protocol = has(name);
    if (protocol !== undefined && protocol !== 'http/json') doubts.push(`${name}=${protocol}: http/json is sent`);
  }
  return {
    traces,
    metrics,
    resource: {
      ...parsePairs(has('OTEL_RESOURCE_ATTRIBUTES')),
      'service.name': service ?? config.service,
    },
    sample: config.sample * (Number.isFinite(bySampler) ? Math.min(1, Math.max(0, bySampler)) : 1),
    followParent: sampler === undefined || sampler.startsWith('parentbased_'),
    intervalMs: config.interval === 60_000 && interval > 0 ? interval : config.interval,
    prompts: config.prompts,
    doubts,
  };
}

/** `a=1,b=two%20words`, as the variables write maps. What is no pair is left out. */
function parsePairs(text: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const piece of (text ?? '').split(',')) {
    const at = piece.indexOf('=');
    if (at < 1) continue;
    const value = piece.slice(at + 1).trim();
    try {
      pairs[piece.slice(0, at).trim()] = decodeURIComponent(value);
    } catch {
      pairs[piece.slice(0, at).trim()] = value;
    }
  }
  return pairs;
}
