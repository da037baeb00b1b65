import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';
import { anyRecord, recordOf } from '../store/records.js';

/** All samples of one metric, by their labels as they stand in the text. */
async function samples(metrics: Metrics, name: string): Promise<Map<string, number>> {
  const { body } = await metrics.render();
  const found = new Map<string, number>();
  for (const line of body.split('\n')) {
    const match = /^([a-zA-Z0-9_:]+)(\{.*\})? (\S+)$/s.exec(line);
    if (match?.[1] === name) found.set(match[2] ?? '', Number(match[3]));
  }
  return found;
}

const sum = (values: Map<string, number>): number => [...values.values()].reduce((total, value) => total + value, 0);

describe('metrics', () => {
  it('tells a request by its record', async () => {
    const metrics = createMetrics();
    metrics.observe(recordOf('r'));
    metrics.observe(recordOf('s'));
    const one = async (name: string) => [...(await samples(metrics, name))];
    expect(await one('weir_requests_total')).toEqual([
      ['{api="openai-chat",decision="counsel",model="small",status="answered"}', 2],
    ]);
    expect(await one('weir_attempts_total')).toEqual([['{pool="gpu",replica="gpu/0",status="answered"}', 2]]);
    expect(await one('weir_tokens_total')).toEqual([
      ['{model="small",kind="prompt"}', 1624],
      ['{model="small",kind="completion"}', 462],
      ['{model="small",kind="cached"}', 1024],
    ]);
    expect((await one('weir_cost_usd_total'))[0]?.[1]).toBeCloseTo(0.0000824, 10);
    expect((await samples(metrics, 'weir_signals_total')).get('{signal="big",state="true"}')).toBe(2);
    const buckets = await samples(metrics, 'weir_ttft_seconds_bucket');
    expect(buckets.get('{le="0.025",model="small"}')).toBe(0);
    expect(buckets.get('{le="0.05",model="small"}')).toBe(2);
    expect(buckets.get('{le="+Inf",model="small"}')).toBe(2);
    expect((await one('weir_ttft_seconds_sum'))[0]?.[1]).toBeCloseTo(0.0825, 10);
    expect(await one('weir_request_duration_seconds_count')).toEqual([['{model="small",status="answered"}', 2]]);
    expect((await one('weir_tpot_seconds_sum'))[0]?.[1]).toBeCloseTo(0.006625, 10);
    expect(await one('weir_queue_seconds_count')).toEqual([['{pool="gpu"}', 2]]);
    expect((await samples(metrics, 'weir_signal_seconds_count')).get('{signal="legal"}')).toBe(2);
  });

  it('counts every record exactly once, whatever is in it and however many names there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 20 }), async records => {
        const metrics = createMetrics();
        for (const record of records) metrics.observe(record);
        expect(sum(await samples(metrics, 'weir_requests_total'))).toBe(records.length);
        expect(sum(await samples(metrics, 'weir_request_duration_seconds_count'))).toBe(records.length);
        const attempts = records.reduce((total, record) => total + record.attempts.length, 0);
        expect(sum(await samples(metrics, 'weir_attempts_total'))).toBe(attempts);
      }),
      { numRuns: 50 },
    );
    const metrics = createMetrics();
    for (let i = 0; i < 1000; i++) metrics.observe(recordOf('r', { decision: `d${i}`, api: `api${i % 100}` }));
    const requests = await samples(metrics, 'weir_requests_total');
    expect(sum(requests)).toBe(1000);
    expect([...requests.keys()].filter(labels => labels.includes('decision="other"')).length).toBeGreaterThan(0);
    expect(new Set([...requests.keys()].map(labels => /decision="([^"]*)"/.exec(labels)?.[1])).size).toBe(65);
  });

  it('names what reached no model none', async () => {
    const metrics = createMetrics();
    const record = recordOf('r');
    const outcome: DecisionRecord['outcome'] = {
      status: 'failed',
      model: '',
      pool: '',
      replica: '',
      httpStatus: 0,
      error: 'pool.no_replica',
      e2eMs: 1,
      queuedMs: 0,
    };
    for (let i = 0; i < 3; i++) metrics.observe({ ...record, outcome, attempts: [] });
    expect([...(await samples(metrics, 'weir_requests_total'))]).toEqual([
      ['{api="openai-chat",decision="counsel",model="none",status="failed"}', 3],
    ]);
    expect((await samples(metrics, 'weir_queue_seconds_count')).size).toBe(0);
    expect((await samples(metrics, 'weir_tokens_total')).size).toBe(0);
  });

  it('counts refusals and reloads', async () => {
    const metrics = createMetrics();
    metrics.refused('request.not_json');
    metrics.reloaded(true);
    metrics.reloaded(false);
    metrics.reloaded(false);
    expect([...(await samples(metrics, 'weir_refused_total'))]).toEqual([['{code="request.not_json"}', 1]]);
    expect([...(await samples(metrics, 'weir_config_reloads_total'))]).toEqual([
      ['{result="applied"}', 1],
      ['{result="invalid"}', 2],
    ]);
  });

  it('reads gauges at every scrape, bounded as all labels are', async () => {
    const metrics = createMetrics();
    let open = 3;
    metrics.gauge('weir_in_flight', 'Open.', [], () => [{ labels: {}, value: open }]);
    metrics.counter('weir_things_total', 'Things.', ['pool'], () =>
      Array.from({ length: 100 }, (_, i) => ({ labels: { pool: `p${i}` }, value: 1 })),
    );
    expect([...(await samples(metrics, 'weir_in_flight'))]).toEqual([['', 3]]);
    open = 5;
    expect([...(await samples(metrics, 'weir_in_flight'))]).toEqual([['', 5]]);
    const things = await samples(metrics, 'weir_things_total');
    expect(things.size).toBe(65);
    expect(things.get('{pool="other"}')).toBe(36);
    expect(() => metrics.gauge('weir_in_flight', 'Again.', [], () => [])).toThrow('weir_in_flight');
  });

  it('writes the text format of Prometheus, with labels that cannot break it', async () => {
    const metrics = createMetrics();
    metrics.observe(recordOf('r', { decision: 'a"b\\c\nd' }));
    const { contentType, body } = await metrics.render();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('decision="a\\"b\\\\c\\nd"');
    for (const line of body.split('\n')) {
      expect(line).toMatch(/^(#.*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? (\+Inf|-?[0-9.e+-]+)|)$/);
    }
    expect((await samples(metrics, 'process_resident_memory_bytes')).get('')).toBeGreaterThan(1e7);
    expect((await samples(metrics, 'process_cpu_seconds_total')).get('')).toBeGreaterThan(0);
  });
});
