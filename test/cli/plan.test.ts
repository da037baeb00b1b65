import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-plan-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
});
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const lengths = file('lengths.csv', `num_prefill_tokens,num_decode_tokens\n${'500,40\n1500,80\n'.repeat(100)}`);
const short = ['--gpu', 'h100', '--rate', '20'];

describe('weir plan', () => {
  test('--json prints one document with the names that other programs rely on', async () => {
    const { stdout, stderr } = await weir('plan', '--trace', lengths, ...short, '--json');
    const report = JSON.parse(stdout);
    expect(report.sensitivity[0], stderr).toMatchObject({
      change: 'rate × 1.1',
      kind: 'rate',
      holds: expect.any(Boolean),
    });
    expect(report).toMatchObject({
      best: {
        pools: [
          {
            ...{ gpu: 'h100', replicas: expect.any(Number), gpus: expect.any(Number), context: expect.any(Number) },
            ...{ utilisation: expect.any(Number), p99_ttft_ms: expect.any(Number) },
          },
        ],
        ...{ usd_per_hour: expect.any(Number), tokens_per_joule: expect.any(Number) },
        verified: { by: 'twin', p99_ttft_ms: expect.any(Number), seeds: 3 },
      },
      ...{ pareto: expect.any(Array), wall_s: expect.any(Number) },
      sensitivity: expect.any(Array),
    });
  });

  test('tells what memory behind the GPUs brings; storage without memory of hosts is refused', async () => {
    const hashed = file(
      'hashed.jsonl',
      Array.from({ length: 120 }, (_, i) =>
        JSON.stringify({ timestamp: 200 * i, input_length: 1100, output_length: 20, hash_ids: [i % 7, 10 + (i % 7)] }),
      ).join('\n'),
    );
    const args = ['--trace', hashed, '--gpu', 'h100', '--host-memory', '10'];
    const { stdout, stderr } = await weir('plan', ...args, '--disk', '100', '--disk-price', '0.1');
    expect(stdout, stderr).toContain('KV behind the GPUs of such a fleet\n  none: 1 × 1 h100, $');
    expect(stdout).toMatch(/\n {2}host memory and storage: 1 × 1 h100 with host memory and storage, \$/);
    const refused = await weir('plan', '--trace', hashed, '--gpu', 'h100', '--disk', '100');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--host-memory GB');
  });

  test('--budget tells the most that it carries and what ends that; too little is told what would do', async () => {
    const asked = ['plan', '--trace', lengths, '--gpu', 'h100'];
    const { stdout, stderr } = await weir(...asked, '--budget', '10/h');
    expect(stdout, stderr).toMatch(
      /\n\n\$10\.00\/h carries [\d.]+ requests\/s, [\d.]+ times as many as come; \$1\.96\/h is left\n {2}at [\d.]+ requests\/s /,
    );
    expect(stdout).toMatch(/\$12\.06\/h, \$2\.06 more than the budget\n/);
    expect(stdout).toMatch(/\n {2}2 replicas of 1 × h100: /);
    expect(stderr).toMatch(/\nat [\d.]+ requests\/s\n/);
    expect(stderr).toMatch(/\n {2}\$8\.04\/h, within the budget\n/);
    const monthly = JSON.parse((await weir(...asked, '--budget', '7300/month', '--json')).stdout);
    expect(monthly.budget).toMatchObject({ usd_per_hour: 10, binds: expect.arrayContaining(['price']) });
    expect(stdout).toContain(`carries ${monthly.rate.toFixed(2)} requests/s`);
    const little = await weir(...asked, '--budget', '4/h');
    expect(little.code).toBe(2);
    expect(little.stderr).toMatch(/config\.range: \$4\.00 an hour .* costs \$4\.02 \(1 × 1 h100\)\. \(--budget\)/);
    expect(little.stderr).toContain('4.02/h or more');
    const moving = await weir(...asked, '--budget', '40/h', '--resize', '1h');
    expect(moving.code).toBe(2);
    expect(moving.stderr).toMatch(/depends on the rate.*\(--resize\)/);
    const bare = await weir(...asked, '--budget', '40');
    expect(bare.code).toBe(2);
    expect(bare.stderr).toContain('40/h, 30000/month');
  });

  test('for people, and from a distribution', async () => {
    const cdf = file('cdf.json', '[[512, 0.5], [2048, 1]]');
    const { stdout } = await weir('plan', '--cdf', cdf, '--gpu', 'h100', '--rate', '5');
    expect(stdout).toMatch(/^llama-3.1-8b, weights bf16, KV bf16, 5.00 requests\/s/);
    expect(stdout).toMatch(/best \(held in the twin\)\n {2}\d+ replicas of 1 × h100/);
  });

  test('plans for other precisions; weights that a GPU cannot compute are told by their option', async () => {
    const { stdout, stderr } = await weir(
      'plan',
      '--trace',
      lengths,
      ...short,
      '--weights',
      'fp8',
      '--kv-cache',
      'fp8',
    );
    expect(stdout, stderr).toMatch(/^llama-3.1-8b, weights fp8, KV fp8, /);
    // Nothing else held, and nothing says so.
    if (!stdout.includes('also held')) expect(stdout).toMatch(/\n\nwhat changes\n/);
    expect(stderr).toMatch(/\n {2}1 replicas, 3 patterns: P99 TTFT .* ms, TPOT .* ms\n/);
    const refused = await weir('plan', '--trace', lengths, '--gpu', 'b200', '--rate', '20', '--weights', 'int8');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/no int8 kernels for b200/);
    expect(refused.stderr).toMatch(/--weights/);
    const large = await weir('plan', '--trace', lengths, ...short, '--model', 'deepseek-v3');
    expect(large.code).toBe(2);
    expect(large.stderr).toMatch(/needs [\d.]+ GB of weights on each h100[\s\S]*fewer bits/);
  });

  test('tells how to buy it, what less power does, and of a fleet that follows the load', async () => {
    const timed = file(
      'timed.csv',
      `TIMESTAMP,ContextTokens,GeneratedTokens\n${Array.from(
        { length: 600 },
        (_, i) => `2023-11-16 18:00:${(i / 10).toFixed(4).padStart(7, '0')},${i % 2 === 0 ? 400 : 1500},40\n`,
      ).join('')}`,
    );
    const { stdout, stderr } = await weir('plan', '--trace', timed, '--gpu', 'l40s', '--resize', '15s', '--up', '0.99');
    expect(stdout, stderr).toMatch(/buying it, enough up with\n {2}99\.9\d+ %: \d+ on demand of 1 × l40s for \d+/);
    expect(stdout).toMatch(/with less power\n {2}5 % less, at most \d+ sequences a replica: holds/);
    expect(stdout).toMatch(/every 15 s anew, two pools \(each window held in the twin\)\n {2}from 0 s/);
    expect((await weir('plan', '--trace', timed, '--gpu', 'l40s', '--resize', '5m')).code).toBe(2);
  });

  test('--emit writes files that weir check and weir simulate take, and overwrites none', async () => {
    const out = join(folder, 'fleet');
    const run = await weir('plan', '--trace', lengths, ...short, '--emit', out, '--price', 'reserved');
    expect(run.stdout, run.stderr).toMatch(/prices: reserved of hyperstack/);
    expect((await weir('check', '-c', join(out, 'weir.yaml'))).code).toBe(0);
    const played = await weir(
      'simulate',
      '-c',
      join(out, 'simulate.yaml'),
      '--trace',
      lengths,
      '--rate',
      '20',
      '--json',
    );
    expect(JSON.parse(played.stdout).requests).toMatchObject({ rejected: 0, failed: 0 });
    expect((await weir('plan', '--trace', lengths, ...short, '--emit', out)).stderr).toMatch(/stands there already/);
  });

  test('a catalogue of one’s own is read, and what is wrong in it is told', async () => {
    const row = (more: object) =>
      JSON.stringify({
        gpus: [
          {
            ...{
              name: 'our1',
              memory_bytes: 8e10,
              bandwidth_tbps: 3,
              tflops_16: 900,
              link_gbps: 400,
              board_watts: 700,
            },
            prices: [{ kind: 'on_demand', usd_per_hour: 0.5, provider: 'us', date: '2026-01', source: 'our contract' }],
            ...{ source: 'our data sheet', ...more },
          },
        ],
      });
    const own = file('own.json', row({}));
    const { stdout, stderr } = await weir(
      'plan',
      '--trace',
      lengths,
      '--gpu',
      'our1',
      '--rate',
      '20',
      '--catalogue',
      own,
      '--json',
    );
    expect(JSON.parse(stdout).best.pools[0], stderr).toMatchObject({ gpu: 'our1', price: { provider: 'us' } });
    const bad = file('bad.json', row({ mfu: 7 }));
    expect((await weir('plan', '--trace', lengths, ...short, '--catalogue', bad)).stderr).toMatch(/gpus\.0\.mfu/);
  });

  test('what is missing or cannot be is told', async () => {
    expect((await weir('plan')).code).toBe(2);
    expect((await weir('plan', '--trace', lengths)).code).toBe(2);
    expect((await weir('plan', '--trace', lengths, '--cdf', lengths, ...short)).code).toBe(2);
    expect((await weir('plan', '--cdf', lengths, ...short)).code).toBe(2);
    expect((await weir('plan', '--trace', lengths, '--gpu', 'abacus', '--rate', '5')).code).toBe(2);
    expect((await weir('plan', '--trace', lengths, ...short, '--slo-ttft', '1')).stdout).toMatch(
      /no fleet that was tried/,
    );
    expect(process.exitCode).toBe(1);
  });
});
