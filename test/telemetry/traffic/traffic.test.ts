import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import { openStateDatabase } from '#store/state-database.js';
import { trafficHistory } from '#store/traffic-history.js';
import { TimeHistogram } from '#telemetry/traffic/histogram.js';
import { Traffic, WINDOWS, type WindowName } from '#telemetry/traffic/traffic.js';
import { recordLike } from '../../support/record-like.js';

const NOW = Date.UTC(2026, 0, 15, 12, 34, 56);
const names = Object.keys(WINDOWS) as WindowName[];

const of = (outcome: Partial<DecisionRecord['outcome']>): DecisionRecord => {
  const record = recordLike('r');
  return { ...record, outcome: { ...record.outcome, ...outcome } };
};
const answered = (costUsd: number): DecisionRecord => of({ costUsd });

describe('a window', () => {
  it('has every request of its span exactly once, whatever the times', () => {
    const gaps = fc.array(fc.oneof(fc.nat(30_000), fc.nat(4 * 3_600_000)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.nat(3_600_000), (between, rest) => {
        const traffic = new Traffic();
        const times: number[] = [];
        let now = NOW;
        for (const gap of between) {
          now += gap;
          times.push(now);
          traffic.observe(answered(0.5), now, 2);
        }
        now += rest;
        for (const name of names) {
          const { points, total, from, stepMs } = traffic.window(name, now);
          expect(points).toHaveLength(WINDOWS[name].points);
          const counted = points.map(({ counts }) => counts.requests);
          const expected = points.map(({ at }) => times.filter(time => time >= at && time < at + stepMs).length);
          expect(counted).toEqual(expected);
          expect(total.counts.requests).toBe(times.filter(time => time >= from).length);
          expect(total.counts.costUsd).toBeCloseTo(total.counts.requests * 0.5, 6);
          expect(total.counts.baselineUsd).toBeCloseTo(total.counts.requests * 2, 6);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is the same after a restart, also in the middle of a span, and after a crash but for the last minute', () => {
    const database = openStateDatabase(':memory:');
    const store = trafficHistory(database);
    const first = new Traffic();
    first.restore(store, NOW);
    for (let i = 0; i < 300; i++) first.observe(answered(1), NOW + i * 20_000, 1);
    const end = NOW + 300 * 20_000;
    const crashed = new Traffic();
    crashed.restore(store, end);
    expect(crashed.window('7d', end).total.counts.requests).toBeGreaterThanOrEqual(296);
    first.close();
    const second = new Traffic();
    second.restore(store, end);
    second.observe(answered(1), end + 1, 1);
    for (const name of ['24h', '7d', '30d'] as const) {
      expect(second.window(name, end + 1).total.counts.requests, name).toBe(301);
    }
    second.close();
    const third = new Traffic();
    third.restore(store, end + 2);
    for (const name of ['24h', '7d', '30d'] as const) {
      expect(third.window(name, end + 2).total.counts.requests, name).toBe(301);
    }
    database.close();
  });

  it('tells at most 32 models apart, and loses none', () => {
    const traffic = new Traffic();
    for (let i = 0; i < 100; i++) traffic.observe(of({ model: `m${i}` }), NOW, undefined);
    const { total } = traffic.window('15m', NOW);
    expect(total.models.size).toBe(33);
    expect([...total.models.values()].reduce((sum, { requests }) => sum + requests, 0)).toBe(100);
  });
});

describe('a histogram', () => {
  it('gives quantiles within 10 %', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 600_000, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (times, share) => {
          const histogram = new TimeHistogram();
          for (const ms of times) histogram.add(ms);
          const sorted = [...times].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(share * times.length) - 1]!;
          const told = TimeHistogram.from(histogram.toJSON()).quantile(share)!;
          expect(Math.abs(told - exact) / exact).toBeLessThan(0.1);
        },
      ),
    );
  });
});
