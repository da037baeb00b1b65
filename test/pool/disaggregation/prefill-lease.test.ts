import { describe, expect, test } from 'vitest';
import type { Lease } from '#pool/lease.js';
import { bench, profile, request } from '../support.js';

const MODEL = { models: { m: { context: 32_768 } } };
const replica = (id: string) => ({ url: `http://10.0.0.1:${8000 + id.charCodeAt(0)}`, id });

function disaggregated(more: Record<string, unknown> = {}, fill: Record<string, unknown> = {}) {
  return bench({
    ...MODEL,
    pools: {
      say: { model: 'm', replicas: [replica('a')], prefill: { pool: 'fill' }, ...more },
      fill: { model: 'm', replicas: [replica('x')], concurrency: 1, ...fill },
    },
  });
}

function place(pool: ReturnType<typeof bench>['pool'], promptTokens: number): Lease {
  let lease: Lease | undefined;
  pool.acquire({ ...request(), promptTokens }, result => {
    if (result instanceof Error) throw result;
    lease = result;
  });
  return lease!;
}

describe('a place with a prefill replica', () => {
  test('a long prompt is placed on both replicas, a short one on the one that answers', () => {
    const { pool } = disaggregated();
    const long = place(pool, 4000);
    expect(long.placement).toMatchObject({ replica: 'say/a', prefill: { pool: 'fill', replica: 'fill/x' } });
    expect(long.prefill?.target).toMatchObject({ id: 'fill/x' });
    const short = place(pool, 100);
    expect(short.prefill).toBeUndefined();
    expect(short.placement.prefill).toMatchObject({ pool: 'fill', uncachedTokens: 100 });
    expect(short.placement.prefill?.replica).toBeUndefined();
  });

  test('a prefill pool answers nothing itself, and is not waited for when it is full', () => {
    const { pool } = disaggregated();
    const places = [place(pool, 4000), place(pool, 4000)];
    expect(places.map(({ placement }) => placement.replica)).toEqual(['say/a', 'say/a']);
    expect(places.map(({ prefill }) => prefill?.target.id)).toEqual(['fill/x', undefined]);
    expect(places[1]!.placement.prefill?.reason).toContain('no prefill replica');
  });

  test('the prompt is work of the replica that computes it, and of the other once that has failed', () => {
    const { pool } = disaggregated();
    const lease = place(pool, 4000);
    const pending = () => [pool.read('say.in_flight'), pool.read('fill.in_flight')];
    expect(pending()).toEqual([1, 1]);
    lease.prefill!.release({ status: 'failed', replicaFault: true });
    expect(pending()).toEqual([1, 0]);
    lease.computesPrompt();
    lease.computesPrompt();
    lease.release({ status: 'answered', replicaFault: false });
    expect(pending()).toEqual([0, 0]);
    const [a, x] = pool.replicas();
    expect([a!.failures, x!.failures]).toEqual([0, 1]);
    expect(a!.inFlightTokens).toBe(0);
  });

  test('releasing the answer gives the place of the prompt back, if nobody has', () => {
    const { pool } = disaggregated();
    place(pool, 4000).release({ status: 'cancelled', replicaFault: false });
    expect(pool.read('fill.in_flight')).toBe(0);
    expect(pool.replicas().map(({ failures }) => failures)).toEqual([0, 0]);
  });

  test('a prefill replica that is out is not asked', () => {
    const { pool } = disaggregated();
    pool.drain('fill/x', true);
    expect(place(pool, 4000).prefill).toBeUndefined();
  });

  test('with hardware described, the decision is the prediction that the placement shows', () => {
    const h100 = { gpu: 'h100', served_as: 'llama-3.1-8b' };
    const { pool } = disaggregated(h100, h100);
    const { prefill } = place(pool, 8000).placement;
    expect(prefill?.replica).toBeUndefined();
    expect(prefill?.thereMs).toBeGreaterThan(prefill!.hereMs! + prefill!.stallMs!);
  });
});

describe('what a disaggregated pool is quoted', () => {
  const quoted = (pool: ReturnType<typeof bench>['pool'], promptTokens: number) =>
    pool.quote('m', profile(promptTokens));

  test('is the prediction that its placement shows, transfer included', () => {
    const { pool } = disaggregated(
      { gpu: 'a100', served_as: 'llama-3.1-8b' },
      { gpu: 'h200', served_as: 'llama-3.1-8b' },
    );
    // A quote is of the moment in which it is read.
    const { ttftMs } = quoted(pool, 16_000);
    const { prefill } = place(pool, 16_000).placement;
    expect(prefill?.replica).toBe('fill/x');
    expect(ttftMs).toBe(prefill!.thereMs);
    expect(ttftMs).toBeGreaterThan(prefill!.transferMs!);
    expect(ttftMs).toBeLessThan(prefill!.hereMs!);
  });

  test('is what the prefill replica was measured to take, where no hardware is described, and unknown before', () => {
    const { pool, clock } = disaggregated({}, { concurrency: 4 });
    expect(quoted(pool, 4000).ttftMs).toBeUndefined();
    for (let i = 0; i < 16; i++) {
      const lease = place(pool, 1000 * (1 + (i % 4)));
      lease.prefill!.sent();
      clock.advance(100 * (1 + (i % 4)));
      lease.prefill!.firstByte();
      lease.prefill!.release({ status: 'answered', replicaFault: false });
      lease.release({ status: 'cancelled', replicaFault: false });
    }
    // 100 ms for 1,000 tokens, and the 5 ms of a transfer.
    expect(quoted(pool, 4000).ttftMs).toBeCloseTo(405, 0);
    expect(quoted(pool, 4000).prefillMsPerToken).toBeCloseTo(0.1, 3);
  });

  test('of a short prompt is that of the replica which answers', () => {
    const { pool } = disaggregated(
      { gpu: 'h100', served_as: 'llama-3.1-8b' },
      { gpu: 'h100', served_as: 'llama-3.1-8b' },
    );
    expect(place(pool, 100).prefill).toBeUndefined();
    expect(quoted(pool, 100).ttftMs).toBeUndefined();
  });
});
