import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_VALUES } from '#telemetry/label-bound.js';
import { createLogger, type LoggerOptions } from '#telemetry/log.js';
import { createMetrics } from '#telemetry/metrics.js';
import { redact } from '#telemetry/redact.js';
import { CounterSeries, HistogramSeries } from '#telemetry/series.js';
import { recordLike } from '../support/record-like.js';

describe('series', () => {
  it('count every addition exactly once, however many label values there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.string(), fc.string(), fc.nat(9)), { maxLength: 300 }), async rows => {
        const series = new CounterSeries('c', 'h', ['a', 'b']);
        for (const [a, b, n] of rows) series.add(n, a, b);
        const { values } = await series.get();
        expect(values.reduce((sum, sample) => sum + sample.value, 0)).toBe(rows.reduce((sum, [, , n]) => sum + n, 0));
      }),
    );
  });

  it('keep their labels within the bound', async () => {
    const series = new CounterSeries('c', 'h', ['a']);
    for (let at = 0; at < 10 * MOST_VALUES; at++) series.add(1, `v${at}`);
    const { values } = await series.get();
    expect(values).toHaveLength(MOST_VALUES + 1);
    expect(values.find(sample => sample.labels.a === 'other')?.value).toBe(9 * MOST_VALUES);
  });

  it('put a value in every bucket that it is not above', async () => {
    const series = new HistogramSeries('h', 'help', [], [1, 2, 5]);
    for (const value of [0.5, 1, 1.5, 4, 9]) series.observe(value);
    const { values } = await series.get();
    expect(values.map(sample => [sample.labels.le ?? sample.metricName, sample.value])).toEqual([
      [1, 2],
      [2, 3],
      [5, 4],
      ['+Inf', 5],
      ['h_sum', 16],
      ['h_count', 5],
    ]);
  });
});

describe('metrics', () => {
  it('are printed in the form that Prometheus reads', async () => {
    const metrics = createMetrics();
    metrics.observe(recordLike('req_1', { decision: 'say "hi"' }));
    metrics.observe(recordLike('req_2', { decision: 'say "hi"' }));
    metrics.refused('request.not_json');
    metrics.gauge('weir_test', 'A test.', ['pool'], () => [{ labels: { pool: 'p' }, value: 3 }]);
    const { body, contentType } = await metrics.render();
    expect(contentType).toContain('text/plain');
    expect(body).toContain('# TYPE weir_requests_total counter');
    expect(body).toMatch(
      /weir_requests_total\{api="openai-chat",decision="say \\"hi\\"",model="small",status="answered"\} 2/,
    );
    expect(body).toContain('weir_refused_total{code="request.not_json"} 1');
    expect(body).toContain('weir_test{pool="p"} 3');
    expect(body).toMatch(/weir_ttft_seconds_bucket\{le="\+Inf",model="small"\} 2/);
    expect(body).toContain('nodejs_eventloop_lag');
  });
});

describe('logs', () => {
  const lines = (options: Partial<LoggerOptions>, isTTY = false) => {
    const written: string[] = [];
    const stream = { isTTY, write: (text: string) => written.push(text) };
    return { log: createLogger({ level: 'info', format: 'auto', stream, ...options }), written };
  };

  it('are JSON for collectors and text on a terminal', () => {
    const json = lines({});
    json.log.info('hello', { open: 3 });
    json.log.debug('unheard');
    expect(json.written.map(line => JSON.parse(line) as unknown)).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-/), open: 3, message: 'hello' },
    ]);
    const text = lines({}, true);
    text.log.warn('careful', { at: 'x', error: new Error('broken') });
    expect(text.written.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}careful at=x\nError: broken\n/);
  });

  it('never carry a credential', () => {
    const secret = 'sk-abcdefgh12345678';
    const { log, written } = lines({});
    log.error(`refused ${secret}`, {
      authorization: secret,
      headers: { 'x-api-key': 'k', cookie: 'c' },
      error: new Error(`Bearer ${secret}`, { cause: { token: 't' } }),
    });
    const all = written.join('');
    expect(all).not.toContain(secret);
    expect(all).not.toMatch(/"(?:k|c|t)"/);
    expect(all).toContain('[redacted]');
  });

  it('survive anything that is thrown at them', () => {
    fc.assert(
      fc.property(
        fc.anything(),
        value => void JSON.stringify(redact(value), (_, item: unknown) => (typeof item === 'bigint' ? '' : item)),
      ),
    );
  });
});
