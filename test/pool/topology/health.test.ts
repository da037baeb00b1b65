import { describe, expect, test } from 'vitest';
import { Ejection } from '#pool/topology/ejection.js';
import { Health } from '#pool/topology/health.js';

describe('health', () => {
  test('the first probe decides', () => {
    const dead = new Health();
    expect(dead.state).toBe('unknown');
    dead.probed(false, 5, 3);
    expect(dead.state).toBe('unhealthy');
    const alive = new Health();
    alive.probed(true, 5, 3);
    expect(alive.state).toBe('healthy');
    expect(alive.latencyMs).toBe(5);
  });

  test('a healthy replica takes so many failures in a row, and one success brings it back', () => {
    const health = new Health();
    health.probed(true, 1, 3);
    health.probed(false, 1, 3);
    health.probed(false, 1, 3);
    expect(health.state).toBe('healthy');
    health.probed(true, 1, 3);
    health.probed(false, 1, 3);
    health.probed(false, 1, 3);
    expect(health.state).toBe('healthy');
    health.probed(false, 1, 3);
    expect(health.state).toBe('unhealthy');
    health.probed(true, 1, 3);
    expect(health.state).toBe('healthy');
  });

  test('a real answer outweighs probes until as many fail again', () => {
    const health = new Health();
    health.probed(false, 1, 2);
    health.answered();
    expect(health.state).toBe('unknown');
    health.probed(false, 1, 2);
    expect(health.state).toBe('unknown');
    health.probed(false, 1, 2);
    expect(health.state).toBe('unhealthy');
  });
});

test('ejections grow, are capped, and start again after a long good time', () => {
  const settings = { share: 0.5, factor: 3, least_requests: 20, for: 1000, at_most: 3000 };
  const ejection = new Ejection();
  expect(ejection.idle).toBe(true);
  let now = 0;
  const spans: number[] = [];
  for (let i = 0; i < 4; i++) {
    ejection.eject(settings, now);
    spans.push(ejection.remaining(now));
    now += ejection.remaining(now);
    expect(ejection.active(now - 1)).toBe(true);
    expect(ejection.active(now)).toBe(false);
  }
  expect(spans).toEqual([1000, 2000, 3000, 3000]);
  now += 3001;
  ejection.eject(settings, now);
  expect(ejection.remaining(now)).toBe(1000);
  ejection.lift(now + 1);
  expect(ejection.active(now + 1)).toBe(false);
});
