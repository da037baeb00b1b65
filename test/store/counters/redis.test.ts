import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineClock } from '#gateway/machine-clock.js';
import { ExchangedCounters } from '#store/counters/exchanged-counters.js';
import { RedisExchange } from '#store/counters/redis-exchange.js';
import { sharedCountersContract } from '../../contracts/shared-counters.js';
import { describeWith } from '../../support/real-component.js';
import { REDIS, type RedisServer, startRedis } from '../../support/redis-server.js';

describeWith('redis-server', REDIS, 'counters in a real Redis', binary => {
  let redis: RedisServer;
  let spaces = 0;
  beforeAll(async () => {
    redis = await startRedis(binary);
  });
  afterAll(() => redis.kill());

  const open = async (prefix: string, process: string, changes: boolean[] = []): Promise<ExchangedCounters> => {
    const exchange = await RedisExchange.open({ url: redis.url, prefix, goneAfter: 2000 });
    const onChange = (connected: boolean) => changes.push(connected);
    const counters = new ExchangedCounters({
      exchange,
      clock: machineClock,
      process,
      everyMs: 20,
      goneAfter: 2000,
      onChange,
    });
    while (!(await counters.exchange())) await pause(20);
    changes.length = 0;
    return counters;
  };

  sharedCountersContract('Redis', async () => {
    const prefix = `contract${++spaces}`;
    let opened = 0;
    return { open: () => open(prefix, `p${++opened}`), close: async () => {} };
  });

  it('goes on when Redis is killed and comes back empty: every process in its own share, nothing counted lost', async () => {
    const changes: boolean[] = [];
    const all = await Promise.all([open('load', 'a', changes), open('load', 'b'), open('load', 'c')]);
    for (const one of all) await one.exchange();
    const until = Date.now() + 600_000;
    const limit = 90_000;
    const counters = all.map(one => one.counter('tokens', until));
    let admitted = 0;
    let loading = true;
    const load = counters.map(async counter => {
      while (loading) {
        for (let i = 0; i < 20; i++) {
          if (counter.room(limit - counter.own - counter.others, 1) >= 1) {
            counter.add(1);
            admitted++;
          }
        }
        await pause(1);
      }
    });
    const admittedTo = async (least: number) => {
      while (admitted < least) await pause(5);
    };
    await admittedTo(1000);
    await redis.kill();
    await expect.poll(() => all.map(one => one.connected)).toEqual([false, false, false]);
    const alone = admitted;
    await admittedTo(alone + 1000);
    expect(all.map(one => one.processes)).toEqual([3, 3, 3]);
    await redis.start();
    await expect.poll(() => all.map(one => one.connected)).toEqual([true, true, true]);
    await admittedTo(admitted + 300);
    loading = false;
    await Promise.all(load);
    await expect
      .poll(() => {
        for (const counter of counters) counter.room(0, 1);
        return counters.map(counter => counter.own + counter.others);
      })
      .toEqual([admitted, admitted, admitted]);
    expect(changes).toEqual([false, true]);
    await Promise.all(all.map(one => one.close()));
  });

  it('does not go beyond a limit, although Redis is away and comes back empty', async () => {
    const all = await Promise.all([open('bound', 'a'), open('bound', 'b'), open('bound', 'c')]);
    for (const one of all) await one.exchange();
    const until = Date.now() + 600_000;
    const limit = 1000;
    const counters = all.map(one => one.counter('tokens', until));
    const useAll = () => {
      for (const counter of counters) {
        for (let i = 0; i < 100 && counter.room(limit - counter.own - counter.others, 1) >= 1; i++) counter.add(1);
      }
    };
    for (const counter of counters) counter.room(limit, 1);
    await expect.poll(() => counters.every(counter => counter.room(limit, 1) > 200)).toBe(true);
    useAll();
    await redis.kill();
    await expect.poll(() => all.every(one => !one.connected)).toBe(true);
    for (let round = 0; round < 30; round++) useAll();
    const total = counters.reduce((sum, counter) => sum + counter.own, 0);
    expect(total).toBeGreaterThan(300);
    expect(total).toBeLessThanOrEqual(limit);
    await redis.start();
    await expect.poll(() => all.every(one => one.connected)).toBe(true);
    await expect
      .poll(() => {
        useAll();
        return counters.reduce((sum, counter) => sum + counter.own, 0);
      })
      .toBe(limit);
    useAll();
    expect(counters.reduce((sum, counter) => sum + counter.own, 0)).toBe(limit);
    await Promise.all(all.map(one => one.close()));
  });
});

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
