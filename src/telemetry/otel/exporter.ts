import { hostname } from 'node:os';
import type { Cancel } from '#contract/clock.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds } from '#contract/units.js';
import type { RequestTrace, Tracer } from '#telemetry/tracing.js';
import { GenAiMetrics } from './genai-metrics.js';
import type { Telemetry, TelemetryPorts } from './open.js';
import { attributes, type KeyValue } from './otlp.js';
import { Sender } from './sender.js';
import type { OtelSettings } from './settings.js';
import { spansOf, type TracedRequest } from './spans.js';
import { randomHex, readTraceContext, type TraceContext, traceparent } from './trace-context.js';

/** Requests whose spans wait to be sent; further ones are dropped and counted. */
const MOST_WAITING = 2048;
/** Requests sent together: making their spans and JSON holds up the event loop for some three milliseconds. */
const BATCH = 64;
const FLUSH_AFTER: Milliseconds = 1000;
const COMPLAIN_EVERY: Milliseconds = 60_000;

/**
 * Exports traces and GenAI metrics by OTLP/HTTP. A request costs it a few counts and a place in a line; spans are made from the
 * finished record when a batch is sent. The official SDK was measured instead: a hundred microseconds a request, as much as all
 * else that a request costs, and half a second at the start.
 */
export class Exporter implements Telemetry, Tracer {
  private readonly metrics: GenAiMetrics;
  private readonly traceSender: Sender | undefined;
  private readonly metricSender: Sender | undefined;
  private readonly resource: { readonly attributes: readonly KeyValue[] };
  private readonly scope: { readonly name: string; readonly version: string };
  private waiting: TracedRequest[] = [];
  private sending: Promise<void> | undefined;
  private planned: Cancel | undefined;
  private nextMetrics: Cancel | undefined;
  private dropped = 0;
  private undelivered = 0;
  private complainedAt = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(
    private readonly settings: OtelSettings,
    private readonly ports: TelemetryPorts,
  ) {
    this.metrics = new GenAiMetrics(ports.clock.wall());
    this.traceSender = settings.traces === undefined ? undefined : new Sender(settings.traces);
    this.metricSender = settings.metrics === undefined ? undefined : new Sender(settings.metrics);
    this.scope = { name: 'weir', version: ports.version };
    const { 'service.name': service, ...rest } = settings.resource;
    this.resource = {
      attributes: attributes({
        'service.instance.id': `${hostname()}:${process.pid}`,
        'service.version': ports.version,
        'telemetry.sdk.language': 'nodejs',
        ...rest,
        'service.name': service,
      }),
    };
    ports.metrics.counter(
      'weir_otel_dropped_total',
      'Traces and exports that did not reach the receiver.',
      ['why'],
      () => [
        { labels: { why: 'queue_full' }, value: this.dropped },
        { labels: { why: 'undelivered' }, value: this.undelivered },
      ],
    );
    this.planMetrics();
  }

  get tracer(): Tracer {
    return this;
  }

  begin(headers: Readonly<Record<string, string>>): RequestTrace {
    const given = readTraceContext(headers);
    const { sample, followParent } = this.settings;
    const traceId = given?.traceId ?? randomHex(16);
    const sampled = given !== undefined && followParent ? given.sampled : chosen(traceId, sample);
    return new Traced(this, given === undefined ? { traceId, sampled } : { ...given, sampled });
  }

  /** A request has ended. */
  finished(context: TraceContext, spanId: string, attemptIds: readonly string[], record: DecisionRecord): void {
    if (this.metricSender !== undefined) this.metrics.observe(record);
    if (!context.sampled || this.traceSender === undefined) return;
    if (this.waiting.length >= MOST_WAITING || this.closed) {
      this.dropped++;
      return;
    }
    this.waiting.push({ context, spanId, attemptIds, record });
    if (this.waiting.length >= BATCH) this.flush();
    else this.planned ??= this.ports.clock.after(FLUSH_AFTER, () => this.flush());
  }

  async close(): Promise<void> {
    this.closed = true;
    this.nextMetrics?.();
    this.flush();
    await this.sending;
    await this.sendMetrics();
    this.traceSender?.close();
    this.metricSender?.close();
  }

  private flush(): void {
    this.planned?.();
    this.planned = undefined;
    this.sending ??= this.sendTraces().finally(() => {
      this.sending = undefined;
    });
  }

  private async sendTraces(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH);
      const spans = batch.flatMap(traced => spansOf(traced, this.settings.prompts));
      const message = { resourceSpans: [{ resource: this.resource, scopeSpans: [{ scope: this.scope, spans }] }] };
      const failure = await this.traceSender?.send(message);
      if (failure !== undefined) this.complain('traces', failure, batch.length);
    }
  }

  private planMetrics(): void {
    if (this.metricSender === undefined) return;
    this.nextMetrics = this.ports.clock.after(this.settings.intervalMs, () => {
      void this.sendMetrics().finally(() => {
        if (!this.closed) this.planMetrics();
      });
    });
  }

  private async sendMetrics(): Promise<void> {
    const metrics = this.metrics.collect(this.ports.clock.wall());
    if (this.metricSender === undefined || metrics.length === 0) return;
    const message = { resourceMetrics: [{ resource: this.resource, scopeMetrics: [{ scope: this.scope, metrics }] }] };
    const failure = await this.metricSender.send(message);
    // They are cumulative: the next export brings all that this one did not.
    if (failure !== undefined) this.complain('metrics', failure, 1);
  }

  private complain(what: string, reason: string, lost: number): void {
    this.undelivered += lost;
    const now = this.ports.clock.now();
    if (now - this.complainedAt < COMPLAIN_EVERY) return;
    this.complainedAt = now;
    this.ports.log.warn('telemetry could not be delivered', { what, reason, dropped: this.undelivered + this.dropped });
  }
}

/** Whether a trace is among the share that is kept: told from its id, so that all services that see it choose alike. */
function chosen(traceId: string, share: number): boolean {
  return share >= 1 || Number.parseInt(traceId.slice(-13), 16) / 16 ** 13 < share;
}

class Traced implements RequestTrace {
  private readonly spanId = randomHex(8);
  private readonly attemptIds: string[] = [];

  constructor(
    private readonly exporter: Exporter,
    private readonly context: TraceContext,
  ) {}

  attempt(): Readonly<Record<string, string>> {
    const id = randomHex(8);
    this.attemptIds.push(id);
    const { traceId, sampled, state } = this.context;
    const parent = traceparent(traceId, id, sampled);
    return state === undefined ? { traceparent: parent } : { traceparent: parent, tracestate: state };
  }

  end(record: DecisionRecord): void {
    this.exporter.finished(this.context, this.spanId, this.attemptIds, record);
  }
}
