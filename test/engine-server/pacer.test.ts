import { describe, expect, test } from 'vitest';
import { DelayLine } from '#engine-server/delay-line.js';
import { Pacer } from '#engine-server/simulated/pacer.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { VirtualClock } from '../support/virtual-clock.js';

const profile = engineProfile({ model: 'qwen3-8b', gpu: 'l40s' });
const request = { promptTokens: 500, outputTokens: 6, prefix: { hashes: [], blockTokens: 16 } };

/** When each token of one request comes, by the engine alone. */
function modelledTimes(): number[] {
  const engine = createEngine(profile);
  engine.submit({ ...request, id: 0 }, 0);
  const times: number[] = [];
  for (let now = 0; ; ) {
    const iteration = engine.step(now);
    if (iteration === undefined) return times;
    now = iteration.endsAt;
    times.push(now);
  }
}

describe('a pacer', () => {
  test.each([1, 8])('gives each token when its iteration ends, at speed %d', speed => {
    const clock = new VirtualClock();
    const pacer = new Pacer(createEngine(profile), clock, speed);
    const times: number[] = [];
    pacer.submit(request, event => {
      if (event.kind === 'token') times.push(clock.now() * speed);
    });
    clock.advance(10_000);
    expect(times).toHaveLength(6);
    for (const [i, time] of modelledTimes().entries()) expect(times[i]).toBeCloseTo(time, 6);
  });

  test('does not add up the delays of late timers', () => {
    const clock = new VirtualClock();
    const late = {
      now: () => clock.now(),
      wall: () => 0,
      after: (delay: number, task: () => void) => clock.after(delay + 2, task),
    };
    const pacer = new Pacer(createEngine(profile), late, 1);
    let last = 0;
    pacer.submit({ ...request, outputTokens: 200 }, () => {
      last = clock.now();
    });
    clock.advance(60_000);
    const prompt = new VirtualClock();
    const exact = new Pacer(createEngine(profile), prompt, 1);
    let expected = 0;
    exact.submit({ ...request, outputTokens: 200 }, () => {
      expected = prompt.now();
    });
    prompt.advance(60_000);
    expect(last - expected).toBeGreaterThan(0);
    expect(last - expected).toBeLessThan(2.001);
  });

  test('lets a sequence be taken out, and says no more of it', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(createEngine(profile), clock, 1);
    let heard = 0;
    const cancel = pacer.submit({ ...request, outputTokens: 1000 }, () => {
      heard++;
    });
    clock.advance(1000);
    expect(heard).toBeGreaterThan(5);
    const before = heard;
    cancel();
    cancel();
    clock.advance(1000);
    expect(heard).toBe(before);
    expect(pacer.stats()).toMatchObject({ running: 0, cancelled: 1, usedBlocks: 0 });
  });

  test('counts idle energy up to now', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(createEngine(profile), clock, 1);
    pacer.stats();
    clock.advance(4000);
    expect(pacer.stats().joules).toBeCloseTo(4 * profile.power.idle, 6);
  });

  test('says nothing once it is closed, not even when closed by what it says', () => {
    const clock = new VirtualClock();
    const pacer = new Pacer(createEngine(profile), clock, 1);
    let heard = 0;
    pacer.submit(request, () => {
      heard++;
      pacer.close();
    });
    clock.advance(10_000);
    expect(heard).toBe(1);
  });
});

test('a delay line stretches time and keeps order', () => {
  const clock = new VirtualClock();
  clock.advance(100);
  const line = new DelayLine(clock, 3);
  const log: [number, number][] = [];
  for (let i = 1; i <= 3; i++) {
    clock.advance(10);
    line.push(() => log.push([i, clock.now()]));
    line.push(() => log.push([-i, clock.now()]));
  }
  clock.advance(1000);
  expect(log).toEqual([
    [1, 130],
    [-1, 130],
    [2, 160],
    [-2, 160],
    [3, 190],
    [-3, 190],
  ]);
});
