import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import { openRecordStore } from '#store/record-store.js';
import { recordLike } from '../support/record-like.js';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text?: string) => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};

describe('weir trace inspect', () => {
  const rows = Array.from({ length: 60 }, (_, i) => `2023-11-16 18:15:${String(i).padStart(2, '0')}.5,${100 + i},20`);
  const azure = file('azure.csv', `TIMESTAMP,ContextTokens,GeneratedTokens\n${rows.join('\n')}\nbroken\n`);

  test('--json prints one document with the names that other programs rely on, and what was refused', async () => {
    const { code, stdout, stderr } = await weir('trace', 'inspect', azure, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ format: 'azure', rows: 60, refused: 1, duration_s: 59, rate: 1, interarrival_cv2: 0 },
      refusals: [{ reason: 'another number of fields than columns', rows: 1, line: 62 }],
      prompt: { mean: 129.5, p50: 129, p90: 153, p99: 159 },
      output: { mean: 20, p50: 20, p90: 20, p99: 20 },
      ...{ prefix_reuse: null, sessions: null, archetype: 'concentrated-below' },
      started_at: '2023-11-16T18:15:00.500Z',
    });
    expect(stderr).toMatch(/rows left out: 1; .*\n {2}1 × another number of fields than columns \(first in line 62\)/);
  });

  test('without --json it tells people', async () => {
    const { stdout } = await weir('trace', 'inspect', azure);
    expect(stdout).toMatch(/^trace +60 requests, azure; rows left out: 1\n/);
    expect(stdout).toMatch(/\narrivals +1.00\/s over 59s from 2023-11-16/);
  });

  test('what cannot be read is wrong usage', async () => {
    expect((await weir('trace', 'inspect', file('empty', ''))).code).toBe(2);
    expect((await weir('trace', 'inspect', join(folder, 'absent'))).code).toBe(2);
    expect((await weir('trace', 'inspect', file('text', 'hello\n'))).stderr).toMatch(/in no known format/);
  });
});

describe('weir trace generate', () => {
  test('writes a trace that can be inspected; the same seed gives the same bytes', async () => {
    const [one, two, three] = ['one', 'two', 'three'].map(name => join(folder, `${name}.jsonl`));
    const options = ['--requests', '500', '--mix', 'lmsys=1,agent=2', '--arrivals', 'gamma', '--cv2', '2'];
    expect((await weir('trace', 'generate', ...options, '--output', one!)).code).toBe(0);
    await weir('trace', 'generate', ...options, '--output', two!);
    await weir('trace', 'generate', ...options, '--seed', '9', '--output', three!);
    expect(readFileSync(one!, 'utf8')).toBe(readFileSync(two!, 'utf8'));
    expect(readFileSync(one!, 'utf8')).not.toBe(readFileSync(three!, 'utf8'));
    const report = JSON.parse((await weir('trace', 'inspect', one!, '--json')).stdout);
    expect(report).toMatchObject({ format: 'weir', rows: 500, refused: 0, session_shape: { from: 'named' } });
    expect(report.prefix_reuse.infinite).toBeGreaterThan(0.3);
    const again = await weir('trace', 'generate', '--like', one!, '--mix', 'like=1', '--requests', '3');
    expect(again.stdout.trim().split('\n')).toHaveLength(4);
  });

  test('options that make no sense are wrong usage', async () => {
    for (const wrong of [
      ['--requests', '0'],
      ['--mix', 'azure=0'],
      ['--mix', 'unheard=1'],
      ['--mix', 'like=1'],
      ['--arrivals', 'mmpp', '--burst', '20'],
      ['--like', join(folder, 'absent')],
      ['--requests', '1', '--output', join(folder, 'absent', 'file')],
    ]) {
      expect((await weir('trace', 'generate', ...wrong)).code, wrong.join(' ')).toBe(2);
    }
  });
});

describe('weir trace record', () => {
  test('what was served becomes a trace without text; what has no tokens is left out and counted', async () => {
    const config = file('weir.yaml', `gateway: { record: { path: "${join(folder, 'record.db')}" } }\n${POOL}`);
    const at = Date.now() - 60_000;
    const store = await openRecordStore({ path: join(folder, 'record.db'), keepForMs: 1e9, keepBytes: 1e9 });
    // More than one page of a listing, all of one instant at its end.
    for (let i = 0; i < 2100; i++) {
      store.append(served(`r${i}`, at + (i < 600 ? 0 : i), { session: i % 2 === 0 ? 'k=secret/a' : 'k=secret/b' }));
    }
    store.append(
      recordLike('refused', {
        at,
        outcome: { ...served('x', at).outcome, status: 'refused', usage: undefined } as never,
      }),
    );
    await store.close();
    const output = join(folder, 'recorded.jsonl');
    const { code, stderr } = await weir('trace', 'record', '-c', config, '--output', output);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/left out: 1 × refused: no tokens reported/);
    const text = readFileSync(output, 'utf8');
    expect(text).not.toMatch(/secret/);
    const report = JSON.parse((await weir('trace', 'inspect', output, '--json')).stdout);
    expect(report).toMatchObject({ rows: 2100, sessions: 2, prompt: { mean: 120 }, output: { mean: 30 } });
    expect(report.started_at).toBe(new Date(at).toISOString());
    const none = await weir('trace', 'record', '-c', config, '--since', '1s');
    expect(none.stdout.trim().split('\n')).toHaveLength(1);
  });
});

const POOL =
  'router: { decisions: [{ name: all, when: otherwise, models: [m] }] }\npool: { models: { m: {} }, pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } } }\n';

function served(id: string, at: number, profile: Partial<DecisionRecord['profile']> = {}): DecisionRecord {
  const record = recordLike(id, { at });
  return {
    ...record,
    profile: { ...record.profile, ...profile },
    outcome: {
      ...record.outcome,
      status: 'answered',
      usage: { promptTokens: 120, completionTokens: 30, cachedTokens: 0 },
    },
  };
}
