import { z } from 'zod';
import { duration, share } from '#contract/schema.js';

/** The `gateway.telemetry:` block: where OpenTelemetry's traces and metrics go. */
export const telemetrySchema = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: 'expected an http or https URL' })
    .optional()
    .describe(
      'Base URL of an OTLP/HTTP receiver, such as `http://localhost:4318`. Nothing is exported without it or `OTEL_EXPORTER_OTLP_ENDPOINT`.',
    ),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name'), z.string().max(4096))
    .prefault({})
    .describe('Headers sent to the receiver, such as its credential.'),
  service: z.string().min(1).max(128).default('weir').describe('Name of this service in traces and metrics.'),
  traces: z.boolean().default(true).describe('Export a trace of each sampled request.'),
  metrics: z.boolean().default(true).describe('Export metrics under the GenAI names.'),
  sample: share
    .default(1)
    .describe('Share of requests that are traced, where the caller has not decided that already by its own trace.'),
  interval: duration.prefault('60s').describe('Time between two exports of metrics.'),
  prompts: z
    .boolean()
    .default(false)
    .describe('Put the text of prompts and the words behind a decision in traces; needs `record.prompts`.'),
});

export type TelemetryConfig = z.output<typeof telemetrySchema>;
