import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-what-if-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const trace = file(
  'trace.jsonl',
  Array.from({ length: 60 }, (_, i) =>
    JSON.stringify({ timestamp: 200 * i, input_length: 600 + i, output_length: 30, hash_ids: [0, i + 1] }),
  ).join('\n'),
);
const config = (name: string, engine: string) =>
  file(
    name,
    `router: { decisions: [{ name: all, when: otherwise, models: [m] }] }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, ${engine} } }\n`,
  );
const small = config('small.yaml', 'simulate: { model: llama-3.1-8b, gpu: a100 }');
const large = config('large.yaml', 'simulate: { model: llama-3.1-8b, gpu: h100, replicas: 2 }');

describe('weir what-if', () => {
  test('--json: of each metric both values, the difference, its interval and a verdict', async () => {
    const { code, stdout, stderr } = await weir('what-if', small, large, '--trace', trace, '--seeds', '3', '--json');
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ seeds: [1, 2, 3], confidence: 0.95, requests: 60, wall_s: expect.any(Number) });
    expect(report.metrics.ttft_p99_ms).toEqual({
      ...{ words: 'TTFT, P99', unit: 'ms' },
      ...{ label: expect.any(String), better: 'lower', first: expect.any(Number), second: expect.any(Number) },
      ...{ first_interval: expect.any(Array), second_interval: expect.any(Array) },
      ...{ difference: expect.any(Number), interval: [expect.any(Number), expect.any(Number)] },
      ...{ relative: expect.any(Number), verdict: expect.any(String) },
    });
    expect(report.metrics.usd_per_hour.verdict).toBe('worse');
    expect(report.changes).toEqual([
      {
        ...{ of: 'pool p', kind: 'changed', setting: 'replicas', first: '1 of 1 × a100', second: '2 of 1 × h100' },
        text: 'pool p: replicas 1 of 1 × a100 → 2 of 1 × h100',
      },
    ]);
    expect(report.metrics.tpot_mean_ms.verdict).toBe('better');
    expect(stderr).toMatch(/6 of 6 runs: seed \d, (first|second)/);
  });

  test('for people; --rate draws other arrivals for each seed', async () => {
    const { stdout } = await weir('what-if', small, large, '--trace', trace, '--rate', '5', '--seeds', '2');
    expect(stdout).toMatch(/^60 requests, 2 patterns/);
    expect(stdout).toContain('what the second changes\n  pool p: replicas 1 of 1 × a100 → 2 of 1 × h100\n');
    expect(stdout).toMatch(/TPOT, mean {2,}[\d.]+ ms ± [\d.]+ ms .*better/);
  });

  test('--catalogue: GPUs of one’s own, in every thread', async () => {
    const own = config('own.yaml', 'simulate: { model: llama-3.1-8b, gpu: abacus }');
    const rows = file(
      'rows.yaml',
      'gpus: [{ name: abacus, memory_bytes: 85e9, bandwidth_tbps: 3, tflops_16: 900, link_gbps: 400, board_watts: 700, source: a data sheet,\n' +
        '  prices: [{ kind: on_demand, usd_per_hour: 7, provider: us, date: 2026-11-01, source: contract 4711 }] }]',
    );
    const asked = ['what-if', small, own, '--trace', trace, '--seeds', '2', '--json'];
    const { code, stdout, stderr } = await weir(...asked, '--catalogue', rows);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).metrics.usd_per_hour.second).toBeCloseTo(7, 9);
    expect(await weir(...asked)).toMatchObject({ code: 2, stderr: expect.stringContaining('abacus') });
    const bad = await weir('simulate', '-c', own, '--trace', trace, '--catalogue', file('bad.yaml', 'gpus: 7'));
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('bad.yaml') });
  });

  test('what cannot be compared is wrong usage', async () => {
    const real = config('real.yaml', 'replicas: ["http://127.0.0.1:9"]');
    expect((await weir('what-if', small, real, '--trace', trace)).stderr).toMatch(/Pool p does not say/);
    expect((await weir('what-if', small, '--trace', trace)).code).toBe(2);
    expect((await weir('what-if', small, large, '--trace', trace, '--seeds', '1')).code).toBe(2);
  });
});
