import { Redis } from 'ioredis';
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

  /** That a connection is ready says not yet that it has subscribed. */
  async function subscribed(prefix: string, count: number): Promise<void> {
    const client = new Redis(redis.url);
    try {
      await expect.poll(() => client.pubsub('NUMSUB', `{${prefix}}:pool`)).toEqual([`{${prefix}}:pool`, count]);
    } finally {
      client.disconnect();
    }
  }

  broadcastContract('Redis', async count => {
    const all = await open(count);
    await subscribed('test', count);
    return all;
  });

  test('gateways of another prefix are not heard', async () => {
    const [one, same] = await open(2);
    const other = await RedisBroadcast.open({ url: redis.url, prefix: 'other' });
    const heard: string[] = [];
    other.listen(text => heard.push(text));
    await until(() => one!.connected);
    await Promise.all([subscribed('test', 2), subscribed('other', 1)]);
    const arrived = new Promise(resolve => same!.listen(resolve));
    one!.tell('something');
    await arrived;
    expect(heard).toEqual([]);
    await Promise.all([one, same, other].map(each => each!.close()));
  });

  test('who was not allowed to listen at first hears as soon as he is', async () => {
    const admin = new Redis(redis.url);
    try {
      await admin.call('ACL', 'SETUSER', 'default', 'resetchannels');
      const [one] = await open(1);
      const refusals = async () => JSON.stringify(await admin.call('ACL', 'LOG'));
      await expect.poll(refusals).toContain('{test}:pool');
      expect(one!.connected).toBe(false);
      await admin.call('ACL', 'SETUSER', 'default', 'allchannels');
      await until(() => one!.connected);
      const arrived = new Promise(resolve => one!.listen(resolve));
      one!.tell('something');
      expect(await arrived).toBe('something');
      await one!.close();
    } finally {
      await admin.call('ACL', 'SETUSER', 'default', 'allchannels');
      admin.disconnect();
    }
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
