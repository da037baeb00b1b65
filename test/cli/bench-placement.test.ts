import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { benchPlacementCommand } from '#cli/commands/bench-placement.js';
import type { PlacementReport } from '#lab/placement/report.js';
import type { SweepReport } from '#lab/placement/sweep-report.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = join(folder, 'trace.jsonl');
const rows = Array.from({ length: 40 }, (_, i) => ({
  timestamp: 500 * i,
  input_length: 1500 + i,
  output_length: 20,
  hash_ids: [0, 1 + (i % 10), 100 + i],
}));
writeFileSync(trace, `${rows.map(row => JSON.stringify(row)).join('\n')}\nnot a row\n`);

async function bench(...argv: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const written = (spy: typeof stdout) => spy.mock.calls.map(([chunk]) => String(chunk)).join('');
  try {
    const command = benchPlacementCommand().exitOverride();
    await new Command()
      .exitOverride()
      .addCommand(command)
      .parseAsync(['placement', ...argv], { from: 'user' });
    return { stdout: written(stdout), stderr: written(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

describe('weir bench placement', () => {
  test('--json prints one document with the names that other programs rely on', async () => {
    const { stdout, stderr } = await bench('--trace', trace, '--replicas', '2', '--blocks', '20', '--json');
    const report = JSON.parse(stdout) as PlacementReport;
    expect(Object.keys(report.policies)).toEqual([
      ...['weir', 'max_prefix', 'least_load', 'power_of_two', 'round_robin'],
      ...['llm_d', 'dynamo', 'sglang', 'aibrix'],
    ]);
    for (const policy of Object.values(report.policies)) {
      expect(policy).toMatchObject({
        prefix_hit_rate: expect.any(Number),
        share_of_shared_cache: expect.any(Number),
        load_max_over_mean: expect.any(Number),
        ttft_ms: {
          mean: expect.any(Number),
          p50: expect.any(Number),
          p90: expect.any(Number),
          p99: expect.any(Number),
        },
        tokens_per_joule: expect.any(Number),
      });
    }
    expect(report).toMatchObject({ requests: 40, refused: 1, seed: 1, replicas: 2, blocks: 20 });
    expect(report.infinite_hit_rate).toBeCloseTo((39 + 30) / 120, 9);
    expect(stderr).toMatch(/rows left out: 1; the first: Line 41 is not JSON/);
  });

  test('without --json it prints a table; options reach the bench', async () => {
    const { stdout } = await bench(
      ...['--trace', trace, '--policy', 'weir,least_load', '--load', '2', '--seed', '5'],
      ...['--model', 'llama-3.1-8b', '--gpu', 'l40s'],
    );
    expect(stdout).toMatch(/^policy .*\nweir .*\nleast_load .*\n\n/);
    expect(stdout).toMatch(/40 requests at 2.00 times the trace's rate/);
    expect(stdout).toMatch(/8 replicas of llama-3.1-8b on 1 × l40s, weights bf16, KV bf16, cache unbounded; seed 5/);
  });

  test('weights and KV have the precision that is asked for, in one run and in a sweep; what a GPU cannot multiply is refused', async () => {
    const args = ['--trace', trace, '--replicas', '2', '--blocks', '20', '--policy', 'weir', '--json'];
    const at = async (...precision: readonly string[]) => JSON.parse((await bench(...args, ...precision)).stdout);
    const [plain, narrow] = [await at('--load', '1'), await at('--load', '1', '--weights', 'fp8', '--kv-cache', 'fp8')];
    expect(plain.engine).toMatchObject({ weights: 'bf16', kv_cache: 'bf16' });
    expect(narrow.engine).toMatchObject({ weights: 'fp8', kv_cache: 'fp8', kv_tokens: plain.engine.kv_tokens });
    expect(narrow.policies.weir.ttft_ms.mean).toBeLessThan(plain.policies.weir.ttft_ms.mean);
    const sweep = ['--sweep', '80', '--resamples', '0'];
    const [wide, small] = [await at(...sweep), await at(...sweep, '--weights', 'fp8')];
    expect(small.saturation.requests_per_s).toBeGreaterThan(wide.saturation.requests_per_s);
    await expect(bench(...args, '--gpu', 'b200', '--weights', 'int8')).rejects.toThrow(
      expect.objectContaining({ code: 'config.range', path: 'weights' }),
    );
  });

  test('--sweep compares at shares of saturation; a trace of lengths can be given conversations', async () => {
    const csv = join(folder, 'lengths.csv');
    const lines = Array.from(
      { length: 60 },
      (_, i) => `2023-11-16 18:15:${String(i).padStart(2, '0')}.5,${600 + 7 * i},30`,
    );
    writeFileSync(csv, `TIMESTAMP,ContextTokens,GeneratedTokens\n${lines.join('\n')}\n`);
    const { stdout } = await bench(
      ...['--trace', csv, '--conversations', '--replicas', '2', '--blocks', '200', '--sweep', '50,80'],
      ...['--resamples', '1', '--policy', 'weir,aibrix', '--candidates', '4', '--json'],
    );
    const report = JSON.parse(stdout) as SweepReport;
    expect(report.shares.map(({ share }) => share)).toEqual([0.5, 0.8]);
    expect(report).toMatchObject({ requests: 60, resamples: 1, block_tokens: 64, saturation: { policy: 'weir' } });
    expect(report.infinite_hit_rate).toBeGreaterThan(0);
    const bare = await bench('--trace', csv, '--replicas', '2', '--blocks', '200', '--policy', 'weir', '--json');
    expect((JSON.parse(bare.stdout) as PlacementReport).infinite_hit_rate).toBe(0);
  });

  test('what cannot be read and what makes no sense is an error', async () => {
    const code = (value: string) => expect.objectContaining({ code: value });
    await expect(bench('--trace', join(folder, 'absent.jsonl'))).rejects.toEqual(code('trace.unreadable'));
    await expect(bench('--trace', folder)).rejects.toEqual(code('trace.unreadable'));
    await expect(bench('--trace', trace, '--policy', 'best')).rejects.toEqual(code('usage.invalid'));
    await expect(bench('--trace', trace, '--gpu', 'abacus')).rejects.toEqual(code('config.unknown_reference'));
    await expect(bench('--trace', trace, '--conversations')).rejects.toEqual(code('usage.invalid'));
    await expect(bench('--trace', trace, '--sweep', '50', '--load', '1')).rejects.toEqual(code('usage.invalid'));
    for (const wrong of [
      ['--replicas', '0'],
      ['--blocks', 'x'],
      ['--load', '-1'],
      ['--policy', 'weir,,'],
      ['--candidates', '1'],
      ['--sweep', '0'],
      ['--sweep', '50,x'],
      ['--resamples', '-1'],
    ]) {
      await expect(bench('--trace', trace, ...wrong)).rejects.toBeInstanceOf(CommanderError);
    }
    await expect(bench()).rejects.toBeInstanceOf(CommanderError);
  });
});
