import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { poolSchema } from '#pool/schema.js';

const entry = (more: Record<string, unknown>) =>
  poolSchema.safeParse({ models: { m: {} }, pools: { p: { model: 'm', ...more } } });

function issues(result: ReturnType<typeof entry>): string[] {
  return result.error?.issues.map(issue => issue.path.join('.')) ?? [];
}

describe('the pool block', () => {
  test('has a default for everything but the model and where it runs', () => {
    const pool = entry({ replicas: ['http://10.0.0.1:8000'] }).data!.pools.p!;
    expect(pool).toMatchObject({
      concurrency: 64,
      queue: { length: 128, timeout: 10_000 },
      timeouts: { connect: 2000, first_byte: 60_000, stall: 30_000 },
      circuit: { failures: 5, open_for: 10_000 },
      ejection: { share: 0.5 },
      placement: 'prefix',
      stream_usage: true,
      headers: {},
    });
    expect(pool.health).toBeUndefined();
    const model = poolSchema.parse({ models: { m: {} }, pools: {} }).models.m!;
    expect(model).toMatchObject({ context: 131_072, price: { prompt: 0, completion: 0 } });
  });

  test('a replica is a URL or an object, written in one form', () => {
    const replicas = entry({
      replicas: [
        'http://10.0.0.1:8000/',
        'https://API.example.com/v1/',
        { url: 'http://b/base/v1', id: 'b', weight: 2 },
      ],
    }).data!.pools.p!.replicas;
    expect(replicas).toEqual([
      { url: 'http://10.0.0.1:8000', weight: 1 },
      { url: 'https://api.example.com', weight: 1 },
      { url: 'http://b/base', id: 'b', weight: 2 },
    ]);
  });

  test('the reference example of a pool is read', () => {
    const result = poolSchema.safeParse({
      models: { small: { price: { prompt: 0.05, completion: '$0.20', cached: 0.01 }, context: '32k', quality: 0.6 } },
      pools: {
        gpu: {
          model: 'small',
          context: '8k',
          gpu: 'h100',
          served_as: 'Qwen/Qwen3-8B',
          api_key: 'secret',
          headers: { 'x-team': 'a' },
          concurrency: 64,
          queue: { length: 128, timeout: '10s' },
          timeouts: { connect: '2s', first_byte: '60s', stall: '30s' },
          health: { path: '/health', interval: '5s', timeout: '2s', failures: 3 },
          circuit: { failures: 5, open_for: '10s' },
          placement: 'least_load',
          cache_blocks: 2000,
          replicas: ['http://10.0.0.1:8000', 'http://10.0.0.2:8000'],
        },
        demo: { model: 'small', simulate: { replicas: 2, model: 'qwen3-8b', gpu: 'h100', speed: 4 } },
      },
    });
    expect(result.error).toBeUndefined();
    expect(result.data?.models.small?.context).toBe(32_768);
    expect(result.data?.pools.demo?.simulate).toMatchObject({ replicas: 2, tp: 1, speed: 4, seed: 1 });
  });

  test.each([
    ['neither replicas nor simulation', {}, 'pools.p'],
    ['both', { replicas: ['http://a'], simulate: { model: 'x', gpu: 'y' } }, 'pools.p.simulate'],
    ['no replica', { replicas: [] }, 'pools.p.replicas'],
    ['an unknown key', { replicas: ['http://a'], replcias: [] }, 'pools.p'],
    ['another scheme', { replicas: ['ftp://a'] }, 'pools.p.replicas.0'],
    ['no URL', { replicas: ['10.0.0.1:8000'] }, 'pools.p.replicas.0'],
    ['credentials in a URL', { replicas: ['http://me:secret@a'] }, 'pools.p.replicas.0'],
    ['a query in a URL', { replicas: ['http://a?x=1'] }, 'pools.p.replicas.0'],
    ['no time at all', { replicas: ['http://a'], timeouts: { connect: '0s' } }, 'pools.p.timeouts.connect'],
    ['no unit', { replicas: ['http://a'], timeouts: { connect: 2 } }, 'pools.p.timeouts.connect'],
    ['no place', { replicas: ['http://a'], concurrency: 0 }, 'pools.p.concurrency'],
    ['an empty context', { replicas: ['http://a'], context: 0 }, 'pools.p.context'],
    ['a share above one', { replicas: ['http://a'], circuit: { error_share: 1.5 } }, 'pools.p.circuit.error_share'],
    [
      'a circuit that opens for longer than the most',
      { replicas: ['http://a'], circuit: { open_for: '1h' } },
      'pools.p.circuit.open_at_most',
    ],
    [
      'an ejection longer than the most',
      { replicas: ['http://a'], ejection: { for: '1h' } },
      'pools.p.ejection.at_most',
    ],
    ['a header with a line break', { replicas: ['http://a'], headers: { x: 'a\r\nb: c' } }, 'pools.p.headers.x'],
    ['a key with a line break', { replicas: ['http://a'], api_key: 'a\nb' }, 'pools.p.api_key'],
    ['a header of the connection', { replicas: ['http://a'], headers: { Host: 'b' } }, 'pools.p.headers.Host'],
    ['an unknown placement', { replicas: ['http://a'], placement: 'magic' }, 'pools.p.placement'],
  ])('refuses %s', (_, more, path) => {
    expect(issues(entry(more))).toContain(path);
  });

  test('every key is described', () => {
    const silent: string[] = [];
    let seen = 0;
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const node = schema as Record<string, unknown>;
      for (const [key, value] of Object.entries((node.properties ?? {}) as Record<string, { description?: string }>)) {
        seen += 1;
        if (value.description === undefined) silent.push(`${path}.${key}`);
        walk(value, `${path}.${key}`);
      }
      for (const branch of [node.additionalProperties, node.items, ...((node.anyOf as unknown[]) ?? [])]) {
        walk(branch, `${path}.*`);
      }
    };
    walk(z.toJSONSchema(poolSchema, { io: 'input' }), 'pool');
    expect(seen).toBeGreaterThan(50);
    expect(silent).toEqual([]);
  });
});
