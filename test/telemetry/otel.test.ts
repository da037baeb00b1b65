import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineClock } from '#gateway/machine-clock.js';
import { createLogger } from '#telemetry/log.js';
import { createMetrics } from '#telemetry/metrics.js';
import { openTelemetry } from '#telemetry/otel/open.js';
import { telemetrySchema } from '#telemetry/otel/schema.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

// biome-ignore lint/suspicious/noExplicitAny: OTLP messages are looked into as they come.
type Message = any;

/** A receiver of OTLP over HTTP, that answers as it is told. */
class Receiver {
  readonly got: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly message: Message }[] = [];
  statuses: number[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', part => {
        text += part;
      });
      request.on('end', () => {
        response.statusCode = this.statuses.shift() ?? 200;
        if (response.statusCode === 200) {
          this.got.push({ path: request.url ?? '', headers: request.headers, message: JSON.parse(text) });
        }
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  get spans(): Message[] {
    return this.got
      .filter(({ path }) => path === '/v1/traces')
      .flatMap(({ message }) => message.resourceSpans[0].scopeSpans[0].spans);
  }

  /** The last export of metrics, by name. */
  get metrics(): Map<string, Message> {
    const last = this.got.filter(({ path }) => path === '/v1/metrics').at(-1)?.message;
    const all: Message[] = last?.resourceMetrics[0].scopeMetrics[0].metrics ?? [];
    return new Map(all.map(metric => [metric.name, metric]));
  }
}

const plain = (attributes: Message[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe('telemetry sent to a receiver', () => {
  let receiver: Receiver;
  let endpoint: string;
  let upstream: MockUpstream;
  let gateway: RunningGateway;
  let close: () => Promise<void>;

  beforeEach(async () => {
    receiver = new Receiver();
    endpoint = await receiver.start();
    upstream = await startMockUpstream();
  });
  afterEach(async () => {
    await gateway.close();
    await upstream.close();
    receiver.close();
  });

  const start = async (config: object, env: Record<string, string> = {}) => {
    const own = createMetrics();
    const telemetry = await openTelemetry(telemetrySchema.parse(config), {
      env,
      version: '1.2.3',
      clock: machineClock,
      log: createLogger({ level: 'silent', format: 'text', stream: process.stderr }),
      metrics: own,
    });
    close = async () => telemetry?.close();
    gateway = await startGateway(
      `
router: { decisions: [{ name: default, when: otherwise, models: [small] }] }
pool:
  models: { small: { price: { prompt: 1, completion: 2 } } }
  pools: { p: { model: small, health: false, replicas: ["${upstream.url}", "${upstream.url.replace('127.0.0.1', 'localhost')}"] } }
`,
      {},
      { tracer: telemetry?.tracer },
    );
    return { telemetry, own };
  };

  it('is a trace of the request, its stages and its attempts, that goes on from the caller and into the engine', async () => {
    await start({ endpoint, headers: { 'x-credential': 'secret' } });
    upstream.behaviour = (_, index) => (index === 0 ? { kind: 'status', status: 503 } : { kind: 'answer' });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'a=1' };
    await (await gateway.chat({ model: 'auto' }, { headers })).text();
    await close();
    const { spans } = receiver;
    expect(new Set(spans.map(span => span.traceId))).toEqual(new Set([traceId]));
    const server = spans.find(({ kind }) => kind === 2);
    const attempts = spans.filter(({ kind }) => kind === 3);
    expect(server).toMatchObject({ parentSpanId: 'b7ad6b7169203331', traceState: 'a=1', name: 'chat auto' });
    expect(attempts.length).toBe(upstream.seen.length);
    expect(attempts.every(({ parentSpanId }) => parentSpanId === server.spanId)).toBe(true);
    const told = upstream.seen.map(seen => seen.headers.traceparent);
    expect(told.sort()).toEqual(attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`).sort());
    expect(plain(server.attributes)).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.original.model': 'auto',
      'gen_ai.response.model': 'small',
      'weir.decision': 'default',
      'weir.status': 'answered',
    });
    expect(attempts.map(({ status }) => status.code).sort()).toEqual([0, 2]);
    for (const span of spans) {
      expect(BigInt(span.startTimeUnixNano)).toBeLessThanOrEqual(BigInt(span.endTimeUnixNano));
      expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(server.startTimeUnixNano));
    }
    const stages = spans.filter(({ kind }) => kind === 1).map(({ name }) => name);
    expect(stages).toContain('weir.decide');
    const [first] = receiver.got;
    expect(first?.headers).toMatchObject({ 'x-credential': 'secret', 'content-type': 'application/json' });
    expect(plain(first?.message.resourceSpans[0].resource.attributes)).toMatchObject({ 'service.name': 'weir' });
    expect(JSON.stringify(spans)).not.toContain('hello');
  });

  it('is metrics under the GenAI names, summed since the start', async () => {
    await start({ endpoint, traces: false });
    for (let at = 0; at < 3; at++) await (await gateway.chat({ model: 'auto' })).text();
    await (await gateway.chat({ model: 'auto', stream: true })).text();
    await close();
    expect(receiver.spans).toEqual([]);
    expect([...receiver.metrics.keys()].sort()).toEqual([
      'gen_ai.client.operation.duration',
      'gen_ai.client.operation.time_to_first_chunk',
      'gen_ai.client.token.usage',
      'gen_ai.server.request.duration',
      'gen_ai.server.time_per_output_token',
      'gen_ai.server.time_to_first_token',
    ]);
    const points: Message[] = receiver.metrics.get('gen_ai.server.request.duration').histogram.dataPoints;
    expect(points.reduce((sum, { count }) => sum + Number(count), 0)).toBe(4);
    for (const { bucketCounts, explicitBounds, count } of points) {
      expect(bucketCounts.length).toBe(explicitBounds.length + 1);
      expect(bucketCounts.reduce((sum: number, one: string) => sum + Number(one), 0)).toBe(Number(count));
    }
    const tokens: Message[] = receiver.metrics.get('gen_ai.client.token.usage').histogram.dataPoints;
    expect(tokens.map(({ attributes }) => plain(attributes)['gen_ai.token.type']).sort()).toEqual(['input', 'output']);
  });

  it('is sent again when the receiver asks for it, and counted when it refuses it', async () => {
    const { own } = await start({ endpoint, metrics: false });
    receiver.statuses = [503, 200];
    await (await gateway.chat({ model: 'auto' })).text();
    await close();
    expect(receiver.spans.length).toBeGreaterThan(0);
    expect(await metricOf(own, 'weir_otel_dropped_total')).toBe(0);
    await gateway.close();
    const { own: other } = await start({ endpoint, metrics: false });
    receiver.statuses = [400];
    await (await gateway.chat({ model: 'auto' })).text();
    await close();
    expect(await metricOf(other, 'weir_otel_dropped_total', { why: 'undelivered' })).toBe(1);
  });

  it('is off without a receiver, follows the standard variables, and samples', async () => {
    const { telemetry } = await start({});
    expect(telemetry).toBeUndefined();
    await gateway.close();
    await start({ sample: 0 }, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRICS_EXPORTER: 'none' });
    await (await gateway.chat({ model: 'auto' })).text();
    const traced = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    await (await gateway.chat({ model: 'auto' }, { headers: traced })).text();
    await close();
    expect(receiver.spans.filter(({ kind }) => kind === 2).length).toBe(1);
  });
});
