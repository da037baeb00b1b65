import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-calibrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function runFolder(name: string): string {
  const dir = join(folder, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'meta.json'), '{"model": "llama-3.1-8b"}');
  const rows = Array.from({ length: 20 }, (_, i) =>
    JSON.stringify({ input_toks: 500, output_toks: 20, queued_ts: i, first_token_ts: i + 0.1, last_token_ts: i + 0.5 }),
  );
  writeFileSync(join(dir, 'requests.jsonl'), rows.join('\n'));
  return dir;
}

describe('weir calibrate', () => {
  const [fit, other] = [runFolder('l40s-a'), runFolder('h100-b')];

  test('--json prints one document with the names that other programs rely on', async () => {
    const { code, stdout } = await weir('calibrate', '--fit', fit, '--test', `${other}/`, '--json');
    expect(code).toBe(0);
    const figures = { ttft_ms: { mean: expect.any(Number), p99: expect.any(Number) }, tpot_ms: {}, e2e_ms: {} };
    expect(JSON.parse(stdout)).toMatchObject({
      constants: { mfu: expect.any(Number), bandwidthEfficiency: expect.any(Number), overheadMs: expect.any(Number) },
      runs: [
        { dir: fit, role: 'fit', measured: figures, predicted: figures, error: figures, scored: 10 },
        { dir: other, role: 'test', measured: figures, predicted: figures, error: figures, scored: 20 },
      ],
    });
    expect((await weir('calibrate', '--fit', fit)).stdout).toMatch(
      /fit, scored on 10 of 20 requests\n {2}ttft +mean 100\.0 →/,
    );
  });

  test('--silicon prints rows and medians', async () => {
    const file = join(folder, 'points.csv');
    writeFileSync(
      file,
      'backend,model_path,system,precision,mode,isl,osl,batch_size,tp_size,silicon_ttft_ms,silicon_tpot_ms\n' +
        'vllm,Qwen/Qwen3-8B,h100_sxm,,agg,512,32,2,1,50,9\nvllm,Qwen/Qwen3-14B,h100_sxm,,agg,512,32,2,1,60,14\n',
    );
    const { stdout } = await weir('calibrate', '--silicon', file, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      rows: [
        { system: 'h100_sxm', backend: 'vllm', mode: 'aggregated', fitted: false, measured: { ttft: 50, tpot: 9 } },
        {},
      ],
      median_abs_error: { aggregated: { ttft: expect.any(Number), tpot: expect.any(Number) }, disaggregated: {} },
    });
    expect((await weir('calibrate', '--silicon', file)).stdout).toMatch(/median absolute error, aggregated: TPOT/);
    expect((await weir('calibrate', '--silicon', file, '--fit', fit)).code).toBe(2);
  });

  test('what cannot be read and what is left out is wrong usage', async () => {
    expect((await weir('calibrate')).code).toBe(2);
    expect((await weir('calibrate', '--fit', join(folder, 'absent'))).code).toBe(2);
    expect((await weir('calibrate', '--silicon', folder)).code).toBe(2);
  });
});
