import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const row = (i: number) =>
  JSON.stringify({ timestamp: 300 * i, input_length: 600, output_length: 30, hash_ids: [0, i + 1] });
const trace = file('trace.jsonl', Array.from({ length: 40 }, (_, i) => row(i)).join('\n'));
const untimed = file('lengths.csv', 'num_prefill_tokens,num_decode_tokens\n100,20\n200,20\n');
const config = (engine: string) =>
  `router: { decisions: [{ name: all, when: otherwise, models: [m] }] }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, ${engine} } }\n`;
const simulated = file('weir.yaml', config('simulate: { model: llama-3.1-8b, gpu: h100, replicas: 2 }'));
const real = file('real.yaml', config('replicas: ["http://127.0.0.1:9"]'));

describe('weir simulate', () => {
  test('several seeds give means with intervals, beside the figures of the first', async () => {
    const one = JSON.parse((await weir('simulate', '-c', simulated, '--trace', trace, '--json')).stdout);
    const run = await weir('simulate', '-c', simulated, '--trace', trace, '--json', '--rate', '20', '--seeds', '3');
    expect(run.code, run.stderr).toBe(0);
    const { intervals, ttft_ms } = JSON.parse(run.stdout);
    expect(one.intervals).toBeUndefined();
    expect(intervals).toMatchObject({ seeds: 3, confidence: 0.95 });
    const { mean, interval } = intervals.metrics.ttft_mean_ms;
    expect(interval[0]).toBeLessThan(mean);
    expect(interval[1]).toBeGreaterThan(mean);
    expect(ttft_ms.mean).toBeGreaterThan(0);
    expect((await weir('simulate', '-c', simulated, '--trace', trace, '--seeds', '0')).code).toBe(2);
  });

  test('--json prints one document with the names that other programs rely on; --requests-out a line a request', async () => {
    const out = join(folder, 'requests.jsonl');
    const run = await weir('simulate', '-c', simulated, '--trace', trace, '--json', '--requests-out', out);
    expect(run.code, run.stderr).toBe(0);
    const figures = {
      mean: expect.any(Number),
      p50: expect.any(Number),
      p90: expect.any(Number),
      p99: expect.any(Number),
    };
    expect(JSON.parse(run.stdout)).toMatchObject({
      requests: { arrived: 40, completed: 40, rejected: 0, failed: 0 },
      ...{ ttft_ms: figures, tpot_ms: figures, e2e_ms: figures },
      ...{ cost_usd: expect.any(Number), joules: expect.any(Number), tokens_per_joule: expect.any(Number) },
      pools: {
        p: {
          replicas: 2,
          utilisation: expect.any(Number),
          prefix_hit_rate: expect.any(Number),
          load_max_over_mean: expect.any(Number),
          cache: { from: 'memory', device_tokens: expect.any(Number) },
        },
      },
      ...{ requests_per_s: expect.any(Number), wall_s: expect.any(Number) },
    });
    const lines = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(lines).toHaveLength(40);
    expect(Object.keys(lines[0])).toEqual([
      'id',
      'arrival_s',
      'ttft_ms',
      'tpot_ms',
      'e2e_ms',
      'pool',
      'replica',
      'cached_tokens',
    ]);
    const at = async (scale: string) =>
      JSON.parse((await weir('simulate', '-c', simulated, '--trace', trace, '--json', '--rate-scale', scale)).stdout);
    const [slow, fast] = [await at('1'), await at('2')];
    expect(slow.duration_s).toBeGreaterThan(1.8 * fast.duration_s);
  });

  test('a trace without times needs a rate', async () => {
    expect((await weir('simulate', '-c', simulated, '--trace', untimed)).stderr).toMatch(/--rate X/);
    expect((await weir('simulate', '-c', simulated, '--trace', untimed, '--rate', '5')).stdout).toMatch(
      /^2 requests: 2 answered/,
    );
  });

  test('what cannot be simulated is wrong usage', async () => {
    const { code, stderr } = await weir('simulate', '-c', real, '--trace', trace);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/Pool p does not say what its engines are/)]);
    expect((await weir('simulate', '-c', simulated, '--trace', trace, '--model', 'other')).code).toBe(2);
    expect((await weir('simulate', '-c', simulated)).code).toBe(2);
  });
});
