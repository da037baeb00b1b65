import { describe, expect, test } from 'vitest';
import { startSimulatedFleet } from '#engine-server/simulated-fleet.js';
import { ask } from './http.js';

describe('a simulated fleet', () => {
  test('runs the replicas of every pool, and stops', async () => {
    const fleet = await startSimulatedFleet([
      { pool: 'small', model: 'Qwen/Qwen3-8B', engineModel: 'qwen3-8b', gpu: 'l40s', speed: 500, count: 3 },
      {
        pool: 'large',
        model: 'big',
        engineModel: 'llama-3.1-70b',
        gpu: 'h100',
        tp: 4,
        instant: true,
        count: 2,
        blocks: 500,
      },
    ]);
    expect([...fleet.urls].map(([pool, urls]) => [pool, urls.length])).toEqual([
      ['small', 3],
      ['large', 2],
    ]);
    const [first, second] = fleet.urls.get('large')!;
    expect(first).not.toBe(second);
    const body = { model: 'big', messages: [{ role: 'user', content: 'hello' }] };
    const reply = await ask(`${first}/v1/chat/completions`, body);
    expect(JSON.parse(reply.text)).toMatchObject({ model: 'big', system_fingerprint: 'weir-simulated' });
    expect((await ask(`${second}/metrics`)).text).toContain('num_gpu_blocks="500"');
    await fleet.close();
    await expect(ask(`${first}/health`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('says what is wrong when an engine cannot be built', async () => {
    const spec = { pool: 'a', model: 'm', engineModel: 'llama-3.1-70b', gpu: 'l40s', count: 1 };
    await expect(startSimulatedFleet([spec])).rejects.toMatchObject({ code: 'config.range', hint: 'tp 4' });
    await expect(startSimulatedFleet([{ ...spec, gpu: 'abacus' }])).rejects.toMatchObject({
      code: 'config.unknown_reference',
    });
    await expect(startSimulatedFleet([{ ...spec, count: 1000 }])).rejects.toMatchObject({ code: 'config.range' });
  });
});
