import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisBroadcast } from '#store/broadcast/redis-broadcast.js';
import { broadcastContract, until } from '../../contracts/broadcast.js';
import { REDIS, type RedisServer, startRedis } from '../../support/redis-server.js';

describe.skipIf(REDIS === undefined)('a real Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis(REDIS!);
  });
  afterAll(() => redis.kill());

  const open = (count: number) =>
    Promise.all(Array.from({ length: count }, () => RedisBroadcast.open({ url: redis.url, prefix: 'test' })));

  broadcastContract('Redis', async count => {
    const all = await open(count);
    // That a connection is ready says not yet that it has subscribed.
    await new Promise(resolve => setTimeout(resolve, 200));
    return all;
  });

  test('gateways of another prefix are not heard', async () => {
    const [one] = await open(1);
    const other = await RedisBroadcast.open({ url: redis.url, prefix: 'other' });
    const heard: string[] = [];
    other.listen(text => heard.push(text));
    await until(() => one!.connected && other.connected);
    one!.tell('something');
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(heard).toEqual([]);
    await Promise.all([one!.close(), other.close()]);
  });

  test('while Redis is away telling is no error, and all hear one another again when it is back', async () => {
    const [one, other] = await open(2);
    const heard: string[] = [];
    other!.listen(text => heard.push(text));
    await until(() => one!.connected && other!.connected);
    await redis.kill();
    await until(() => !one!.connected);
    one!.tell('lost');
    await redis.start();
    await until(() => one!.connected && other!.connected);
    await until(() => {
      one!.tell('again');
      return heard.includes('again');
    });
    expect(heard).not.toContain('lost');
    await Promise.all([one!.close(), other!.close()]);
  });
});
