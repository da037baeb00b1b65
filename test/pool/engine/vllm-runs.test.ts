import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { drive } from '../../contracts/engine.js';

const SHARED = process.env.WEIR_SHARED ?? join(import.meta.dirname, '../../../../shared');
const RUNS = join(SHARED, 'data/engine/vllm-runs');

interface Row {
  readonly input_toks: number;
  readonly output_toks: number;
  readonly queued_ts: number;
  readonly first_token_ts: number;
  readonly last_token_ts: number;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Data sheets and the built-in constants only: nothing is fitted to these runs but the memory that vLLM itself takes. */
describe.skipIf(!existsSync(RUNS))('measured vLLM runs in deep overload, without fitting', () => {
  test.each([
    ['rtx4090-llama-3.1-8b', { gpu: 'rtx4090', maxSequences: 256, blocks: 2588, contextTokens: 32_768 }],
    ['rtxpro6000-llama-3.1-8b', { gpu: 'rtxpro6000', maxSequences: 128 }],
  ])('$0: mean TPOT within a quarter, mean TTFT and end to end within 30 in 100', (run, settings) => {
    const rows = readFileSync(join(RUNS, run, 'requests.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Row);
    const start = Math.min(...rows.map(row => row.queued_ts));
    const list = rows
      .map((row, id) => ({
        request: {
          ...{ id, promptTokens: row.input_toks, outputTokens: row.output_toks },
          prefix: { hashes: [], blockTokens: 16 },
        },
        ...{ at: (row.queued_ts - start) * 1000, cancelAfter: undefined },
      }))
      .sort((a, b) => a.at - b.at);
    const engine = createEngine(engineProfile({ model: 'llama-3.1-8b', ...settings }), { events: 'milestones' });
    const { log, refused } = drive(engine, list, { advance: true });
    expect(refused).toEqual([]);

    const first = new Map(log.filter(event => event.kind === 'token').map(event => [event.id, event.at]));
    const last = new Map(log.filter(event => event.kind === 'finished').map(event => [event.id, event.at]));
    const errors = { ttft: 0, tpot: 0, e2e: 0 };
    const measure = (
      name: keyof typeof errors,
      measured: (row: Row) => number,
      predicted: (id: number, arrival: number, row: Row) => number,
    ) => {
      const truth = mean(rows.map(measured));
      const guess = mean(rows.map((row, id) => predicted(id, (row.queued_ts - start) * 1000, row)));
      errors[name] = guess / truth - 1;
    };
    const gaps = (row: Row) => Math.max(1, row.output_toks - 1);
    measure(
      'ttft',
      row => (row.first_token_ts - row.queued_ts) * 1000,
      (id, arrival) => first.get(id)! - arrival,
    );
    measure(
      'tpot',
      row => ((row.last_token_ts - row.first_token_ts) * 1000) / gaps(row),
      (id, _, row) => (last.get(id)! - first.get(id)!) / gaps(row),
    );
    measure(
      'e2e',
      row => (row.last_token_ts - row.queued_ts) * 1000,
      (id, arrival) => last.get(id)! - arrival,
    );
    console.info(run, 'relative error of the means', errors);
    expect(Math.abs(errors.tpot)).toBeLessThan(0.25);
    expect(Math.abs(errors.ttft)).toBeLessThan(0.3);
    expect(Math.abs(errors.e2e)).toBeLessThan(0.3);
  });
});
